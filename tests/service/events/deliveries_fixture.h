// Fixture for tests of Deliveries: the heads of an event log in memory, and a clock that the test
// moves.
//
// Thread-safety: none; one test's thread.
#ifndef TESTS_SERVICE_EVENTS_DELIVERIES_FIXTURE_H_
#define TESTS_SERVICE_EVENTS_DELIVERIES_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "service/events/deliveries.h"

namespace gateway::events {

inline constexpr absl::Duration kDeadline = absl::Seconds(30);

class DeliveriesTest : public testing::Test {
 protected:
  Deliveries Make(Subscription subscription, Deliveries::Saved saved = {}) {
    subscription.ack_deadline = kDeadline;
    return Deliveries(subscription, std::move(saved), 1000);
  }

  void Append(const std::string& type, const std::string& resource = "") {
    Head head;
    head.number = static_cast<int64_t>(log_.size()) + 1;
    head.provider = "paynow";
    head.type = type;
    head.resource = resource;
    log_.push_back(head);
  }

  void AppendMany(int count) {
    for (int i = 0; i < count; ++i) Append("a");
  }

  int64_t end() const { return static_cast<int64_t>(log_.size()); }

  std::vector<Deliveries::HandedOut> HandOut(Deliveries& deliveries, size_t most) {
    const auto handed_out =
        deliveries.HandOut(most, now_, end(), [this](int64_t after, size_t limit) {
          std::vector<Head> heads;
          for (const Head& head : log_) {
            if (head.number > after && heads.size() < limit) heads.push_back(head);
          }
          ++scans_;
          return absl::StatusOr<std::vector<Head>>(heads);
        });
    EXPECT_TRUE(handed_out.ok());
    return *handed_out;
  }

  std::vector<int64_t> Numbers(const std::vector<Deliveries::HandedOut>& handed_out) {
    std::vector<int64_t> numbers;
    for (const auto& one : handed_out) numbers.push_back(one.id.number);
    return numbers;
  }

  std::vector<int64_t> Pull(Deliveries& deliveries, size_t most) {
    return Numbers(HandOut(deliveries, most));
  }

  std::vector<Head> log_;
  SteadyTime now_ = SteadyTime::Epoch() + absl::Hours(1);
  int scans_ = 0;
};

}  // namespace gateway::events

#endif  // TESTS_SERVICE_EVENTS_DELIVERIES_FIXTURE_H_
