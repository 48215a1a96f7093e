#include "upstream/resilience/shares.h"

#include <gtest/gtest.h>

#include <vector>

#include "upstream/resilience/gate.h"

namespace gateway::resilience {
namespace {

constexpr int kLimit = 40;
const SteadyTime kNow = SteadyTime::Epoch() + absl::Seconds(1'800'000'000);

// Asks for `wanted` places at once while others are taken. Returns how many the caller gets.
int Take(Shares& shares, size_t caller, int wanted, int& taken, SteadyTime now = kNow,
         size_t store = 0) {
  int got = 0;
  for (; wanted > 0 && taken < kLimit; --wanted) {
    if (!shares.TryEnter({caller, store}, taken + 1, kLimit, now)) break;
    ++taken;
    ++got;
  }
  return got;
}

TEST(SharesTest, GivesAllToOneWhoIsAlone) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 1, kLimit, taken), kLimit);
}

TEST(SharesTest, LeavesAQuarterToThoseWhoHaveLess) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 2, 1, taken), 1);
  EXPECT_EQ(Take(shares, 1, kLimit, taken), 29);  // with caller 2's one: three quarters
  EXPECT_EQ(Take(shares, 2, kLimit, taken), 10);
  EXPECT_EQ(taken, kLimit);
}

TEST(SharesTest, GivesEachAnEqualPartForCertain) {
  Shares shares;
  int taken = 0;
  for (size_t caller = 1; caller <= 4; ++caller) EXPECT_EQ(Take(shares, caller, 1, taken), 1);
  Take(shares, 1, kLimit, taken);
  for (size_t caller = 2; caller <= 4; ++caller) {
    EXPECT_GE(1 + Take(shares, caller, 3, taken), 4) << caller;
  }
}

TEST(SharesTest, ForgetsThoseWhoDoNotCallAnyMore) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 2, 1, taken), 1);
  shares.Leave({2});
  taken = 0;
  EXPECT_LT(Take(shares, 1, kLimit, taken), kLimit);
  const SteadyTime later = kNow + Shares::kMemory + absl::Seconds(1);
  EXPECT_EQ(Take(shares, 1, kLimit, taken, later) + 30, kLimit);
}

TEST(SharesTest, KeepsAQuarterOfACallersPartForItsOtherStores) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 1, 1, taken, kNow, 20), 1);
  EXPECT_EQ(Take(shares, 1, kLimit, taken, kNow, 10), 29);
  EXPECT_EQ(Take(shares, 1, kLimit, taken, kNow, 20), 10);
  EXPECT_EQ(taken, kLimit);
}

// If there is another caller, too, the calls of one store do not use up the caller's part.
TEST(SharesTest, SharesTheCallersPartBetweenItsStoresBesideOthers) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 2, 1, taken), 1);
  EXPECT_EQ(Take(shares, 1, 1, taken, kNow, 20), 1);
  Take(shares, 1, kLimit, taken, kNow, 10);
  const int of_store = taken - 2;
  // The calls of store 10 end one by one. After each end, caller 2 and store 10 ask for a place.
  Take(shares, 2, kLimit, taken);
  for (int i = 0; i < of_store; ++i) {
    shares.Leave({1, 10});
    --taken;
    Take(shares, 2, 1, taken);
    Take(shares, 1, 1, taken, kNow, 10);
  }
  EXPECT_EQ(taken, kLimit - 5);  // a quarter of the caller's half is left for store 20
  EXPECT_EQ(Take(shares, 1, kLimit, taken, kNow, 20), 5);
}

TEST(SharesTest, ForgetsStoresThatNobodyCallsAnyMore) {
  Shares shares;
  int taken = 0;
  EXPECT_EQ(Take(shares, 1, 1, taken, kNow, 20), 1);
  shares.Leave({1, 20});
  taken = 0;
  const SteadyTime later = kNow + Shares::kMemory + absl::Seconds(1);
  EXPECT_EQ(Take(shares, 1, kLimit, taken, later, 10), kLimit);
}

// Caller 1 floods the gate. Caller 2 makes one call at a time, and is admitted once it is known.
TEST(SharesTest, KeepsAGateOpenForANeighbour) {
  Gate gate({}, {.initial = kLimit, .minimum = kLimit, .maximum = kLimit});
  std::vector<Gate::Pass> flood;
  const auto fill = [&] {
    while (true) {
      const Gate::Pass pass = gate.Enter(kNow, {1});
      if (pass.entry != Gate::Entry::kAdmitted) return;
      flood.push_back(pass);
    }
  };
  fill();
  EXPECT_EQ(gate.Enter(kNow, {2}).entry, Gate::Entry::kNoRoom);  // nothing is free at all
  int refused = 0;
  for (int i = 0; i < kLimit; ++i) {
    gate.Leave(flood.back(), CircuitBreaker::Verdict::kGood, false, kNow);
    flood.pop_back();
    fill();
    const Gate::Pass pass = gate.Enter(kNow, {2});
    refused += pass.entry != Gate::Entry::kAdmitted ? 1 : 0;
    if (pass.entry == Gate::Entry::kAdmitted) {
      gate.Leave(pass, CircuitBreaker::Verdict::kGood, false, kNow);
    }
  }
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace gateway::resilience
