#include "tests/end_to_end/support/refund_shop.h"

#include <chrono>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway {
namespace {

using http::Received;
using http::Step;

}  // namespace

RefundShop::RefundShop(uint32_t seed, int percent_lost)
    : random_(seed), percent_lost_(percent_lost) {
  server_ = std::make_unique<http::ScriptedServer>(
      http::Answers{.on_request = [this](const Received& request) { return Answer(request); }});
}

std::string RefundShop::Show(const Made& refund) {
  return absl::StrCat(R"({"id": ")", refund.id,
                      R"(", "status": "completed", "amount": 100, "created_at": ")",
                      absl::FormatTime(absl::RFC3339_sec, refund.at, absl::UTCTimeZone()), R"("})");
}

void RefundShop::BecomeReliable() {
  const std::lock_guard lock(mutex_);
  percent_lost_ = 0;
}

std::vector<std::string> RefundShop::RefundsOf(int order) const {
  const std::lock_guard lock(mutex_);
  const auto found = refunds_.find(absl::StrCat(order));
  std::vector<std::string> ids;
  if (found == refunds_.end()) return ids;
  for (const Made& refund : found->second) ids.push_back(refund.id);
  return ids;
}

int RefundShop::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

int RefundShop::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool RefundShop::AwaitMoreThan(int requested) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return requested_ > requested; });
}

Step RefundShop::Answer(const Received& request) {
  static const std::regex& order_in = *new std::regex("order(?:s/|_id=)([0-9]+)");
  std::smatch order;
  if (!std::regex_search(request.target, order, order_in)) return Step::Reply("[]");
  const std::lock_guard lock(mutex_);
  return request.method == "GET" ? Step::Reply(Payments(order[1])) : Refund(order[1]);
}

Step RefundShop::Refund(const std::string& order) {
  ++requested_;
  changed_.notify_all();
  const int fate = std::uniform_int_distribution<>(0, 199)(random_);
  if (fate < percent_lost_) {
    ++lost_;
    return Step::Raw("", Step::End::kClose);
  }
  const Made refund{absl::StrCat(next_id_++), absl::Now()};
  refunds_[order].push_back(refund);
  if (fate < 2 * percent_lost_) {
    ++lost_;
    return Step::Raw("", Step::End::kClose);
  }
  return Step::Reply(Show(refund));
}

std::string RefundShop::Payments(const std::string& order) const {
  std::string refunds;
  const auto found = refunds_.find(order);
  if (found != refunds_.end()) {
    for (const Made& refund : found->second) {
      absl::StrAppend(&refunds, refunds.empty() ? "" : ",", Show(refund));
    }
  }
  return absl::StrCat(R"([{"id": "9", "order_id": ")", order, R"(", "refunds": [)", refunds, "]}]");
}

}  // namespace gateway
