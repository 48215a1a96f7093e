// kill -9 at random moments: whatever the gateway has said 2xx to is handed out until a consumer
// says "done", and what was forged never is.
//
// EVENTS_DELIVERIES: events (default 1500; 10000 for the whole proof). EVENTS_KILLS: how often the
// gateway is killed (12). EVENTS_SEED: of all that is random.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/event_gateway.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr int kSenders = 4;
constexpr int kConsumers = 4;
constexpr auto kDeadline = std::chrono::milliseconds(1000);
// Between two tries of a sender: it does not hammer.
constexpr absl::Duration kPause = absl::Milliseconds(10);

int NumberFrom(const char* variable, int otherwise) {
  const char* const text = std::getenv(variable);
  int number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// What consumers were handed, what they said "done" to, and where they heard that it counts. A kill
// may come between the last two: then the gateway knows, and the consumer does not.
class Heard {
 public:
  void Seen(const std::string& id) {
    const std::lock_guard lock(mutex_);
    ++seen_[id];
  }
  void Said(const std::vector<std::string>& ids) {
    const std::lock_guard lock(mutex_);
    said_.insert(ids.begin(), ids.end());
  }
  void Done(const std::vector<std::string>& ids) {
    const std::lock_guard lock(mutex_);
    done_.insert(ids.begin(), ids.end());
  }
  size_t said() const {
    const std::lock_guard lock(mutex_);
    return said_.size();
  }
  size_t done() const {
    const std::lock_guard lock(mutex_);
    return done_.size();
  }
  std::map<std::string, int> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, int> seen_;
  std::set<std::string> said_;
  std::set<std::string> done_;
};

// Sends each event until it is taken, in a random order, with duplicates and forged ones between.
class Senders {
 public:
  Senders(const EventGateway& gateway, int events, uint32_t seed)
      : gateway_(gateway), events_(events) {
    for (int i = 0; i < kSenders; ++i) {
      threads_.emplace_back([this, i, seed] { Run(seed + static_cast<uint32_t>(i)); });
    }
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
  }

  int forged_taken() const { return forged_taken_; }
  int tries() const { return tries_; }

 private:
  void Run(uint32_t seed) {
    std::mt19937 random(seed);
    for (int event = next_++; event < events_; event = next_++) {
      // Neighbours change places: an order that the provider does not promise either.
      const std::string id = absl::StrCat(event ^ 1);
      if (random() % 5 == 0) {
        const int status = gateway_.Deliver(absl::StrCat("forged ", id), /*forged=*/true);
        forged_taken_ += status == 204 ? 1 : 0;
        // A forged delivery with the id of a genuine one must not take its place.
        forged_taken_ += gateway_.Deliver(id, /*forged=*/true) == 204 ? 1 : 0;
      }
      while (gateway_.Deliver(id) != 204) {
        ++tries_;
        absl::SleepFor(kPause);
      }
      if (random() % 10 == 0) gateway_.Deliver(id);
    }
  }

  const EventGateway& gateway_;
  const int events_;
  std::atomic<int> next_{0};
  std::atomic<int> tries_{0};
  std::atomic<int> forged_taken_{0};
  std::vector<std::thread> threads_;
};

// Pulls and acknowledges until it is told to end; now and then it dies before it acknowledges.
void Consume(const EventGateway& gateway, const std::atomic<bool>& over, uint32_t seed,
             Heard& heard) {
  std::mt19937 random(seed);
  while (!over) {
    const RpcAnswer pulled =
        gateway.Call("Pull", {{"subscription", "all"}, {"max_events", 20}}, kDeadline);
    if (!pulled.status.ok()) continue;
    json acknowledge = {{"subscription", "all"}, {"ack_ids", json::array()}};
    std::vector<std::string> ids;
    for (const json& event : json::parse(pulled.reply).value("events", json::array())) {
      const json& parsed = event.at("event");
      ids.push_back(parsed.value("event_id", parsed.value("eventId", "")));
      heard.Seen(ids.back());
      acknowledge["ack_ids"].push_back(event.value("ack_id", event.value("ackId", "")));
    }
    if (ids.empty() || random() % 10 == 0) continue;
    heard.Said(ids);
    if (gateway.Call("Acknowledge", acknowledge, kDeadline).status.ok()) heard.Done(ids);
  }
}

TEST(EventsKillTest, NothingThatWasTakenIsLost) {
  const int events = NumberFrom("EVENTS_DELIVERIES", 1500);
  const int kills = NumberFrom("EVENTS_KILLS", 12);
  const auto seed = static_cast<uint32_t>(NumberFrom("EVENTS_SEED", 20261127));
  const json subscription = {{"ack_deadline", "1s"}, {"max_attempts", 1000}};
  EventGateway gateway(json{{"all", subscription}});
  gateway.Start();
  if (HasFatalFailure()) return;

  Heard heard;
  std::atomic<bool> over{false};
  std::vector<std::thread> consumers;
  for (int i = 0; i < kConsumers; ++i) {
    consumers.emplace_back(
        [&, i] { Consume(gateway, over, seed + 100 + static_cast<uint32_t>(i), heard); });
  }
  Senders senders(gateway, events, seed);
  std::mt19937 random(seed);
  for (int i = 0; i < kills; ++i) {
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(20, 300)(random)));
    gateway.Kill();
    gateway.Start();
    if (HasFatalFailure()) std::abort();
  }
  senders.Join();
  const absl::Time end = absl::Now() + absl::Minutes(3);
  while (heard.said() < static_cast<size_t>(events) && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  over = true;
  for (std::thread& consumer : consumers) consumer.join();

  int again = 0;
  for (const auto& [id, times] : heard.seen()) {
    again += times - 1;
    EXPECT_FALSE(absl::StartsWith(id, "forged")) << id;
  }
  std::cout << "seed " << seed << ", " << kills << " kills, " << events << " events, "
            << senders.tries() << " deliveries without a 2xx, " << again
            << " events handed out again, " << heard.done() << " acknowledgements heard of\n";
  EXPECT_EQ(heard.said(), static_cast<size_t>(events)) << "lost";
  EXPECT_EQ(heard.seen().size(), static_cast<size_t>(events)) << "invented";
  EXPECT_EQ(senders.forged_taken(), 0);
  EXPECT_GT(senders.tries(), 0) << "no kill came in between";
}

}  // namespace
}  // namespace gateway
