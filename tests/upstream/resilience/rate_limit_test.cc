#include "upstream/resilience/rate_limit.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace gateway::resilience {
namespace {

const SteadyTime kStart = SteadyTime::Epoch() + absl::Seconds(1'000'000);

TEST(RateLimitTest, IsOffByDefault) {
  RateLimit limit({});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limit.TryTake("1", kStart));
}

TEST(RateLimitTest, AllowsTheBurstAndThenTheRate) {
  RateLimit limit({.calls_per_second = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.TryTake("1", kStart));
  EXPECT_EQ(limit.TryTake("1", kStart), absl::Milliseconds(100));
  EXPECT_FALSE(limit.TryTake("1", kStart + absl::Milliseconds(100)));
  EXPECT_TRUE(limit.TryTake("1", kStart + absl::Milliseconds(100)));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.TryTake("1", kStart + absl::Seconds(10)));
  EXPECT_TRUE(limit.TryTake("1", kStart + absl::Seconds(10)));
}

TEST(RateLimitTest, KeepsStoresApart) {
  RateLimit limit({.calls_per_second = 1, .burst = 1});
  EXPECT_FALSE(limit.TryTake("1", kStart));
  EXPECT_TRUE(limit.TryTake("1", kStart));
  EXPECT_FALSE(limit.TryTake("2", kStart));
}

TEST(RateLimitTest, ForgettingABucketGivesNobodyMore) {
  RateLimit limit({.calls_per_second = 1, .burst = 1});
  EXPECT_FALSE(limit.TryTake("kept", kStart + absl::Seconds(1)));
  for (int i = 0; i < 5000; ++i) {
    EXPECT_FALSE(limit.TryTake(absl::StrCat("s", i), kStart + absl::Milliseconds(1000 + i / 100)));
  }
  EXPECT_TRUE(limit.TryTake("kept", kStart + absl::Milliseconds(1500)));
}

}  // namespace
}  // namespace gateway::resilience
