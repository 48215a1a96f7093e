#include <gtest/gtest.h>

#include "absl/random/random.h"
#include "upstream/resilience/retry_budget.h"
#include "upstream/resilience/retry_policy.h"

namespace gateway::resilience {
namespace {

const SteadyTime kNow = SteadyTime::Epoch() + absl::Seconds(1'000'000);
const SteadyTime kLater = kNow + absl::Hours(1);

class RetryPolicyTest : public testing::Test {
 protected:
  absl::InsecureBitGen random_;
  const RetryOptions options_{
      .max_attempts = 5, .base = absl::Milliseconds(100), .cap = absl::Milliseconds(300)};
};

TEST_F(RetryPolicyTest, WaitsUpToADoublingCeiling) {
  const struct {
    int attempts;
    absl::Duration ceiling;
  } kRows[] = {{1, absl::Milliseconds(100)},
               {2, absl::Milliseconds(200)},
               {3, absl::Milliseconds(300)},
               {4, absl::Milliseconds(300)}};
  for (const auto& row : kRows) {
    absl::Duration longest;
    absl::Duration shortest = absl::InfiniteDuration();
    for (int i = 0; i < 1000; ++i) {
      const auto wait = NextWait(options_, row.attempts, std::nullopt, kNow, kLater, random_);
      ASSERT_TRUE(wait);
      longest = std::max(longest, *wait);
      shortest = std::min(shortest, *wait);
    }
    EXPECT_LE(longest, row.ceiling);
    EXPECT_GT(longest, row.ceiling * 0.9);   // full jitter: from zero...
    EXPECT_LT(shortest, row.ceiling * 0.1);  // ...to the ceiling
  }
}

TEST_F(RetryPolicyTest, EndsWithTheAttempts) {
  EXPECT_FALSE(NextWait(options_, 5, std::nullopt, kNow, kLater, random_));
  EXPECT_FALSE(NextWait({.max_attempts = 1}, 1, std::nullopt, kNow, kLater, random_));
}

TEST_F(RetryPolicyTest, NeverGoesPastTheDeadline) {
  for (int i = 0; i < 1000; ++i) {
    const auto wait =
        NextWait(options_, 3, std::nullopt, kNow, kNow + absl::Milliseconds(50), random_);
    EXPECT_LT(wait.value_or(absl::ZeroDuration()), absl::Milliseconds(50));
  }
  EXPECT_FALSE(NextWait(options_, 1, std::nullopt, kNow, kNow, random_));
}

TEST_F(RetryPolicyTest, HonoursRetryAfterWhereItFits) {
  const auto wait = NextWait(options_, 1, absl::Seconds(1), kNow, kLater, random_);
  EXPECT_EQ(wait, absl::Seconds(1));
  EXPECT_FALSE(NextWait(options_, 1, absl::Seconds(1), kNow, kNow + absl::Seconds(1), random_));
}

TEST(RetryBudgetTest, IsAShareOfTheRecentCallsAboveItsFloor) {
  RetryBudget budget({.share = 0.2, .floor = 3, .window = absl::Seconds(10)});
  for (int i = 0; i < 100; ++i) budget.CountCall(kNow);
  int taken = 0;
  while (budget.TryTake(kNow)) ++taken;
  EXPECT_EQ(taken, 23);
  // Calls add to the budget only once, and expire in the end.
  EXPECT_FALSE(budget.TryTake(kNow + absl::Seconds(5)));
  taken = 0;
  while (budget.TryTake(kNow + absl::Seconds(20))) ++taken;
  EXPECT_EQ(taken, 3);
}

}  // namespace
}  // namespace gateway::resilience
