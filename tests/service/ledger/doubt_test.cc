// The contract of both stores for an UNKNOWN entry that may be sent again, because a second
// execution is harmless.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/store_under_test.h"

namespace gateway::ledger {
namespace {

ClaimRequest Harmless(const std::string& key, const std::string& guard = "") {
  ClaimRequest request = RequestOf(key, "print", guard);
  request.harmless_for = absl::Hours(1);
  return request;
}

class DoubtTest : public testing::TestWithParam<const char*> {
 protected:
  DoubtTest() : store_(MakeStore(GetParam())), ledger_(store_->Open(TestOptions())) {}

  void Reopen() {
    ledger_.reset();
    ledger_ = store_->Open(TestOptions());
  }

  // Returns an entry that was claimed, became unknown, and was claimed again.
  ClaimAnswer InDoubt(const std::string& guard = "") {
    const ClaimAnswer first = Claim(*ledger_, Harmless("key", guard)).value();
    EXPECT_EQ(Settle(*ledger_, first, {Settlement::kUnknown})->state, State::kUnknown);
    const ClaimAnswer second = Claim(*ledger_, Harmless("key", guard)).value();
    EXPECT_EQ(second.kind, ClaimAnswer::kClaimed);
    EXPECT_EQ(second.entry.id, first.entry.id);
    EXPECT_EQ(second.entry.attempt, 2);
    EXPECT_EQ(second.entry.release, Release::kInDoubt);
    return second;
  }

  std::unique_ptr<StoreUnderTest> store_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_P(DoubtTest, AnUnknownIsClaimedAgainOnlyIfTwiceDoesNoHarm) {
  const ClaimAnswer first = Claim(*ledger_, "key").value();
  ASSERT_TRUE(Settle(*ledger_, first, {Settlement::kUnknown}).ok());
  EXPECT_EQ(Claim(*ledger_, "key")->kind, ClaimAnswer::kUnknown);
  // Such a call could still be sent when the harmless period has ended.
  ClaimRequest too_long = RequestOf("key");
  too_long.harmless_for = absl::Seconds(29);
  EXPECT_EQ(Claim(*ledger_, too_long)->kind, ClaimAnswer::kUnknown);
  EXPECT_EQ(Claim(*ledger_, Harmless("key"))->kind, ClaimAnswer::kClaimed);
}

TEST_P(DoubtTest, AnotherRequestIsNotHarmless) {
  InDoubt();
  ClaimRequest another = Harmless("key");
  another.fingerprint = "another";
  EXPECT_EQ(Claim(*ledger_, another)->kind, ClaimAnswer::kReused);
}

TEST_P(DoubtTest, OneCallerAtATimeSendsAgain) {
  const ClaimAnswer second = InDoubt();
  EXPECT_EQ(Claim(*ledger_, Harmless("key"))->kind, ClaimAnswer::kInProgress);
  ASSERT_TRUE(Settle(*ledger_, second, {Settlement::kUnknown}).ok());
  EXPECT_EQ(Claim(*ledger_, Harmless("key"))->entry.attempt, 3);
}

TEST_P(DoubtTest, ItsOwnGuardDoesNotKeepItOut) {
  InDoubt("the order");
  EXPECT_EQ(Claim(*ledger_, Harmless("other", "the order"))->kind, ClaimAnswer::kGuarded);
}

TEST_P(DoubtTest, ASuccessEndsIt) {
  const absl::StatusOr<Entry> done = Settle(*ledger_, InDoubt(), {Settlement::kDone, "reply"});
  EXPECT_EQ(done->state, State::kDone);
  EXPECT_EQ(done->release, Release::kNone);
  EXPECT_EQ(Claim(*ledger_, "key")->entry.reply, "reply");
}

TEST_P(DoubtTest, ThatTheLastAttemptDidNotHappenSaysNothingOfTheFirst) {
  for (const Settlement::Outcome outcome : {Settlement::kRefused, Settlement::kNotSent}) {
    ledger_.reset();
    store_ = MakeStore(GetParam());
    ledger_ = store_->Open(TestOptions());
    const ClaimAnswer second = InDoubt();
    EXPECT_EQ(Settle(*ledger_, second, {outcome})->state, State::kUnknown);
    // The same holds if the outcome arrives late or twice.
    EXPECT_EQ(Settle(*ledger_, second, {outcome})->state, State::kUnknown);
    EXPECT_EQ(Claim(*ledger_, Harmless("key"))->entry.release, Release::kInDoubt);
  }
}

TEST_P(DoubtTest, ItOutlivesTheProcess) {
  const ClaimAnswer second = InDoubt();
  Reopen();
  EXPECT_EQ(Find(*ledger_, second.entry.id)->release, Release::kInDoubt);
  EXPECT_EQ(Settle(*ledger_, second, {Settlement::kRefused})->state, State::kUnknown);
}

TEST_P(DoubtTest, AResolutionEndsIt) {
  const ClaimAnswer second = InDoubt();
  ASSERT_TRUE(Settle(*ledger_, second, {Settlement::kUnknown}).ok());
  const absl::StatusOr<Entry> resolved =
      Resolve(*ledger_, {.id = second.entry.id, .reason = "looked", .resolver = "me"});
  EXPECT_EQ(resolved->state, State::kNotDone);
  EXPECT_EQ(Claim(*ledger_, "key")->entry.release, Release::kNone);
}

// If the process dies between a claim and its KeepBefore, the entry shows that nothing was sent
// yet.
TEST_P(DoubtTest, WhatWasNotSentYetSaysSo) {
  ClaimRequest request = RequestOf("key");
  request.keeps_before = true;
  const ClaimAnswer claimed = Claim(*ledger_, request).value();
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->progress, kNotSentYet);
  ASSERT_TRUE(KeepBefore(*ledger_, claimed, "before").ok());
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->progress, "");
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kRefused}).ok());
  EXPECT_EQ(Claim(*ledger_, "key")->entry.progress, "");
}

INSTANTIATE_TEST_SUITE_P(Stores, DoubtTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace gateway::ledger
