#include "tests/end_to_end/support/event_traffic.h"

#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr uint32_t kSenders = 4;
constexpr uint32_t kConsumers = 4;
constexpr auto kDeadline = std::chrono::milliseconds(1000);
// The pause between two tries of a sender, to limit the load.
constexpr absl::Duration kPause = absl::Milliseconds(10);

}  // namespace

void Heard::Seen(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++seen_[id];
}

void Heard::Said(const std::vector<std::string>& ids) {
  const std::lock_guard lock(mutex_);
  said_.insert(ids.begin(), ids.end());
}

void Heard::Done(const std::vector<std::string>& ids) {
  const std::lock_guard lock(mutex_);
  done_.insert(ids.begin(), ids.end());
}

size_t Heard::said() const {
  const std::lock_guard lock(mutex_);
  return said_.size();
}

size_t Heard::done() const {
  const std::lock_guard lock(mutex_);
  return done_.size();
}

std::map<std::string, int> Heard::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

EventSenders::EventSenders(EventGateways gateways, int events, uint32_t seed)
    : gateways_(std::move(gateways)), events_(events) {
  for (uint32_t i = 0; i < kSenders; ++i) {
    threads_.emplace_back([this, seed, i] { Run(seed + i); });
  }
}

void EventSenders::Join() {
  for (std::thread& thread : threads_) thread.join();
}

void EventSenders::Run(uint32_t seed) {
  std::mt19937 random(seed);
  const auto any = [&]() -> const EventGateway& { return *gateways_[random() % gateways_.size()]; };
  for (int event = next_++; event < events_; event = next_++) {
    // Swaps events 0 and 1, 2 and 3, and so on, because the provider promises no order.
    const std::string id = absl::StrCat(event ^ 1);
    if (random() % 5 == 0) {
      const int status = any().Deliver(absl::StrCat("forged ", id), /*forged=*/true);
      forged_taken_ += status == 204 ? 1 : 0;
      // A forged delivery with the id of a genuine event must not take that event's place.
      forged_taken_ += any().Deliver(id, /*forged=*/true) == 204 ? 1 : 0;
    }
    while (any().Deliver(id) != 204) {
      ++tries_;
      absl::SleepFor(kPause);
    }
    if (random() % 10 == 0) any().Deliver(id);
  }
}

EventConsumers::EventConsumers(EventGateways gateways, uint32_t seed, Heard& heard)
    : gateways_(std::move(gateways)), heard_(heard) {
  for (uint32_t i = 0; i < kConsumers; ++i) {
    threads_.emplace_back([this, i, seed] { Run(i, seed + 100 + i); });
  }
}

void EventConsumers::Stop() {
  over_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void EventConsumers::Run(size_t first, uint32_t seed) {
  std::mt19937 random(seed);
  for (size_t turn = first; !over_; ++turn) {
    const EventGateway& one = *gateways_[turn % gateways_.size()];
    const EventGateway& next = *gateways_[(turn + 1) % gateways_.size()];
    const RpcAnswer pulled =
        one.Call("Pull", {{"subscription", "all"}, {"max_events", 20}}, kDeadline);
    if (!pulled.status.ok()) continue;
    json acknowledge = {{"subscription", "all"}, {"ack_ids", json::array()}};
    std::vector<std::string> ids;
    for (const json& event : json::parse(pulled.reply).value("events", json::array())) {
      const json& parsed = event.at("event");
      ids.push_back(parsed.value("event_id", parsed.value("eventId", "")));
      heard_.Seen(ids.back());
      acknowledge["ack_ids"].push_back(event.value("ack_id", event.value("ackId", "")));
    }
    if (ids.empty() || random() % 10 == 0) continue;
    heard_.Said(ids);
    if (next.Call("Acknowledge", acknowledge, kDeadline).status.ok()) heard_.Done(ids);
  }
}

}  // namespace gateway
