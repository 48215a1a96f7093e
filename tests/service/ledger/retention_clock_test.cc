#include "service/ledger/retention_clock.h"

#include <gtest/gtest.h>

namespace gateway::ledger {
namespace {

class RetentionClockTest : public testing::Test {
 protected:
  // Reads the clock after this time, during which the wall clock made a step.
  absl::Time ReadAfter(absl::Duration passed, absl::Duration step = absl::ZeroDuration()) {
    steady_ += passed;
    wall_ += passed + step;
    return clock_.Read(wall_, steady_);
  }

  RetentionClock clock_;
  SteadyTime steady_ = SteadyTime::Epoch() + absl::Hours(1);
  absl::Time wall_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(RetentionClockTest, GoesWithTheWallClock) {
  EXPECT_EQ(ReadAfter(absl::ZeroDuration()), wall_);
  EXPECT_EQ(ReadAfter(absl::Hours(1)), wall_);
  EXPECT_EQ(ReadAfter(absl::Hours(1), -absl::Seconds(1)), wall_);
}

TEST_F(RetentionClockTest, FollowsAStepForwardSlowly) {
  const absl::Time begun = ReadAfter(absl::ZeroDuration());
  EXPECT_EQ(ReadAfter(absl::ZeroDuration(), absl::Hours(24)), begun);
  EXPECT_EQ(ReadAfter(absl::Hours(10)), begun + absl::Hours(11));
  EXPECT_EQ(ReadAfter(absl::Hours(10)), begun + absl::Hours(22));
  for (int i = 0; i < 21; ++i) EXPECT_LT(ReadAfter(absl::Hours(10)), wall_);
  EXPECT_EQ(ReadAfter(absl::Hours(10)), wall_) << "and is there at last";
}

TEST_F(RetentionClockTest, FollowsAStepBackAtOnceAndIsBackAtOnce) {
  const absl::Time begun = ReadAfter(absl::ZeroDuration());
  EXPECT_EQ(ReadAfter(absl::Hours(1), -absl::Hours(24)), wall_);
  EXPECT_EQ(ReadAfter(absl::Hours(1), absl::Hours(24)), begun + absl::Hours(2));
}

}  // namespace
}  // namespace gateway::ledger
