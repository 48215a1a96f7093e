#include "upstream/resilience/circuit_breaker.h"

#include <gtest/gtest.h>

namespace gateway::resilience {
namespace {

using State = CircuitBreaker::State;
using Verdict = CircuitBreaker::Verdict;

class CircuitBreakerTest : public testing::Test {
 protected:
  // Makes a call that ends immediately. Returns whether it was admitted.
  bool Call(Verdict verdict) {
    const auto admission = breaker_.Admit(now_);
    if (admission.admitted) breaker_.Record(admission.ticket, verdict, now_);
    return admission.admitted;
  }

  void Open() {
    while (breaker_.state() == State::kClosed) Call(Verdict::kBad);
  }

  SteadyTime now_ = SteadyTime::Epoch() + absl::Seconds(1'000'000);
  CircuitBreaker breaker_{{.failure_share = 0.5,
                           .min_calls = 10,
                           .window = absl::Seconds(10),
                           .open_time = absl::Seconds(2),
                           .max_open_time = absl::Seconds(5),
                           .probes = 2}};
};

TEST_F(CircuitBreakerTest, StaysClosedBelowItsShare) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Call(Verdict::kGood));
    if (i % 3 == 0) {
      EXPECT_TRUE(Call(Verdict::kBad));
    }
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, NeedsEnoughCallsToOpen) {
  for (int i = 0; i < 9; ++i) Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(breaker_.openings(), 1u);
  EXPECT_FALSE(Call(Verdict::kGood));
}

TEST_F(CircuitBreakerTest, ForgetsWhatIsOlderThanItsWindow) {
  for (int i = 0; i < 9; ++i) Call(Verdict::kBad);
  now_ += absl::Seconds(11);
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, CallsThatTellNothingDoNotCount) {
  for (int i = 0; i < 100; ++i) Call(Verdict::kNeither);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, ClosesAfterGoodProbes) {
  Open();
  now_ += absl::Seconds(2);
  EXPECT_TRUE(Call(Verdict::kGood));
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  EXPECT_TRUE(Call(Verdict::kGood));
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Call(Verdict::kBad);  // the old failures are forgotten
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, LetsOnlyItsProbesThrough) {
  Open();
  now_ += absl::Seconds(2);
  const auto first = breaker_.Admit(now_);
  const auto second = breaker_.Admit(now_);
  EXPECT_TRUE(first.admitted && second.admitted);
  EXPECT_FALSE(breaker_.Admit(now_).admitted);
  breaker_.Record(first.ticket, Verdict::kNeither, now_);  // cancelled: its slot is free
  EXPECT_TRUE(breaker_.Admit(now_).admitted);
}

TEST_F(CircuitBreakerTest, StaysOpenLongerWithEachFailedProbe) {
  Open();
  for (const int seconds : {2, 4, 5, 5}) {
    now_ += absl::Seconds(seconds) - absl::Milliseconds(1);
    EXPECT_FALSE(Call(Verdict::kBad)) << seconds;
    now_ += absl::Milliseconds(1);
    EXPECT_TRUE(Call(Verdict::kBad)) << seconds;
    EXPECT_EQ(breaker_.state(), State::kOpen);
  }
  EXPECT_EQ(breaker_.openings(), 1u);
}

TEST_F(CircuitBreakerTest, LateNewsOfAnEarlierStateAreIgnored) {
  const auto before = breaker_.Admit(now_);
  Open();
  now_ += absl::Seconds(2);
  const auto probe = breaker_.Admit(now_);
  breaker_.Record(before.ticket, Verdict::kBad, now_);
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  breaker_.Record(probe.ticket, Verdict::kGood, now_);
  EXPECT_TRUE(Call(Verdict::kGood));
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

}  // namespace
}  // namespace gateway::resilience
