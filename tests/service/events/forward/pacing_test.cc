#include "service/events/forward/pacing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/random/random.h"

namespace gateway::events {
namespace {

constexpr Pacing::Options kOptions = {
    .most = 8, .base = absl::Seconds(1), .cap = absl::Seconds(60)};

class PacingTest : public testing::Test {
 protected:
  absl::Duration Left() const { return pacing_.resume() - now_; }
  // Reports a try that began now and failed now.
  void Fail() { pacing_.Failed(now_, now_, std::nullopt, random_); }
  void PassPause() { now_ = pacing_.resume(); }

  absl::BitGen random_;
  SteadyTime now_ = SteadyTime::Now();
  Pacing pacing_{kOptions};
};

TEST_F(PacingTest, BeginsAtFullSpeed) {
  EXPECT_EQ(pacing_.window(), 8u);
  EXPECT_FALSE(pacing_.paused(now_));
}

TEST_F(PacingTest, AfterAFailureOneGoesFirstAndPausesGrowToTheirCap) {
  absl::Duration ceiling = kOptions.base;
  for (int i = 0; i < 12; ++i) {
    Fail();
    EXPECT_EQ(pacing_.window(), 1u);
    EXPECT_LE(Left(), ceiling);
    EXPECT_GE(Left(), ceiling / 2);
    PassPause();
    EXPECT_FALSE(pacing_.paused(now_));
    ceiling = std::min(2 * ceiling, kOptions.cap);
  }
  EXPECT_EQ(ceiling, kOptions.cap);
  pacing_.Taken(now_);
  EXPECT_EQ(pacing_.window(), 8u);
  EXPECT_FALSE(pacing_.failing());
}

// Eight tries that were under way when the target went down count as one failure.
TEST_F(PacingTest, WhatBeganBeforeThePauseDoesNotMakeItLonger) {
  const SteadyTime begun = now_;
  now_ += absl::Seconds(5);
  for (int i = 0; i < 8; ++i) pacing_.Failed(begun, now_, std::nullopt, random_);
  EXPECT_LE(Left(), kOptions.base);
}

TEST_F(PacingTest, WhatBeganBeforeThePauseDoesNotEndItEither) {
  const SteadyTime begun = now_;
  now_ += absl::Seconds(5);
  pacing_.Failed(now_, now_, absl::Seconds(90), random_);
  pacing_.Taken(begun);
  EXPECT_TRUE(pacing_.paused(now_));
  EXPECT_EQ(pacing_.window(), 1u);
}

TEST_F(PacingTest, HeedsWhatTheTargetAsksFor) {
  pacing_.Failed(now_, now_, absl::Seconds(90), random_);
  EXPECT_EQ(Left(), absl::Seconds(90));
  pacing_.Failed(now_ - absl::Seconds(1), now_, absl::Seconds(100), random_);
  EXPECT_EQ(Left(), absl::Seconds(100));
}

TEST_F(PacingTest, ATargetThatIsGoneIsLeftAlone) {
  pacing_.Gone(now_, now_, random_);
  EXPECT_EQ(Left(), kOptions.cap);
}

TEST_F(PacingTest, RefusalsHoldUpNothingUntilNothingElseComes) {
  for (int i = 1; i < Pacing::kRefusalsInARow; ++i) {
    pacing_.Refused(now_, now_, random_);
    EXPECT_FALSE(pacing_.paused(now_));
    EXPECT_EQ(pacing_.window(), 8u);
  }
  pacing_.Refused(now_, now_, random_);
  EXPECT_TRUE(pacing_.paused(now_));
  EXPECT_TRUE(pacing_.failing());
  pacing_.Taken(now_);
  pacing_.Refused(now_, now_, random_);
  EXPECT_FALSE(pacing_.paused(now_));
}

TEST_F(PacingTest, AnEventsPausesGrowWithItsTries) {
  for (int tries = 1; tries < 40; ++tries) {
    const absl::Duration ceiling =
        std::min(kOptions.base * (int64_t{1} << std::min(tries - 1, 20)), kOptions.cap);
    const absl::Duration pause = pacing_.PauseAfter(tries, random_);
    EXPECT_LE(pause, ceiling);
    EXPECT_GE(pause, ceiling / 2);
  }
}

}  // namespace
}  // namespace gateway::events
