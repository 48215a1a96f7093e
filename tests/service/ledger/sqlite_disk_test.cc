// How a ledger in a file behaves if the disk fails: full, read-only, I/O errors, power loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/events.h"
#include "tests/service/ledger/fault_vfs.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

using testing::HasSubstr;

class SqliteDiskTest : public testing::Test {
 protected:
  SqliteOptions OptionsOf(const char* vfs) {
    SqliteOptions options{.common = TestOptions(), .file = folder_.Path("ledger.db")};
    options.common.on_event = [this](absl::string_view event, absl::string_view) {
      events_.Add(event);
    };
    options.first_retry = absl::Milliseconds(5);
    options.max_retry = absl::Milliseconds(20);
    options.vfs = vfs;
    return options;
  }
  void Open() {
    absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger =
        SqliteLedger::Open(OptionsOf(FaultVfs::name()));
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    ledger_ = *std::move(ledger);
  }
  void LosePower() {
    disk_.CutPower();
    ledger_.reset();
    disk_.Restore();
    Open();
  }

  const TempDir folder_;
  FaultVfs disk_;
  Events events_;
  std::unique_ptr<SqliteLedger> ledger_;
};

TEST_F(SqliteDiskTest, WhatWasAnsweredSurvivesALossOfPower) {
  Open();
  const ClaimAnswer intent = *Claim(*ledger_, "intent");
  const ClaimAnswer done = *Claim(*ledger_, "done");
  ASSERT_TRUE(Settle(*ledger_, done, {Settlement::kDone, "reply"}).ok());
  LosePower();
  EXPECT_EQ(Find(*ledger_, intent.entry.id)->state, State::kUnknown);
  EXPECT_EQ(Claim(*ledger_, "done")->entry.reply, "reply");
}

// The counter-test: it shows that the test above can fail.
TEST_F(SqliteDiskTest, ADiskThatLiesLosesWhatWasAnswered) {
  Open();
  disk_.Set(FaultVfs::kLazySyncs, true);
  ASSERT_TRUE(Claim(*ledger_, "key").ok());
  disk_.CutPower();
  ledger_.reset();
  disk_.Set(FaultVfs::kLazySyncs, false);
  disk_.Restore();
  EXPECT_GT(disk_.Times(FaultVfs::kLazySyncs), 0);
  Open();
  EXPECT_TRUE(absl::IsNotFound(FindKey(*ledger_, "key").status()));
}

class FailingDiskTest : public SqliteDiskTest,
                        public testing::WithParamInterface<FaultVfs::Fault> {};

TEST_P(FailingDiskTest, ClaimsAreRefusedResultsAreKeptAndItComesBack) {
  Open();
  const ClaimAnswer before = *Claim(*ledger_, "before");
  disk_.Set(GetParam(), true);
  const absl::StatusOr<ClaimAnswer> refused = Claim(*ledger_, "refused");
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("cannot be written"));
  const absl::StatusOr<Entry> settled = Settle(*ledger_, before, {Settlement::kDone, "reply"});
  EXPECT_TRUE(absl::IsUnavailable(settled.status())) << settled.status();
  EXPECT_TRUE(absl::IsUnavailable(Claim(*ledger_, "refused").status()));
  EXPECT_GT(disk_.Times(GetParam()), 0);
  EXPECT_NE(ledger_->stats().unavailable, "");
  EXPECT_EQ(ledger_->stats().unwritten, 1u);

  disk_.Set(GetParam(), false);
  events_.WaitFor("the ledger is written again");
  EXPECT_EQ(Claim(*ledger_, "before")->entry.reply, "reply");
  EXPECT_EQ(Claim(*ledger_, "refused")->kind, ClaimAnswer::kClaimed);
  EXPECT_EQ(ledger_->stats().unavailable, "");
  EXPECT_EQ(ledger_->stats().unwritten, 0u);
  // A commit that is confirmed from now on is on the disk, whatever is left in the page cache.
  LosePower();
  EXPECT_EQ(Claim(*ledger_, "before")->entry.reply, "reply");
  EXPECT_EQ(Claim(*ledger_, "refused")->kind, ClaimAnswer::kUnknown);
}

TEST_P(FailingDiskTest, AResultThatCouldNotBeWrittenIsUnknownAfterARestart) {
  Open();
  const ClaimAnswer claimed = *Claim(*ledger_, "key");
  disk_.Set(GetParam(), true);
  EXPECT_TRUE(
      absl::IsUnavailable(Settle(*ledger_, claimed, {Settlement::kDone, "reply"}).status()));
  disk_.CutPower();
  ledger_.reset();
  disk_.Set(GetParam(), false);
  disk_.Restore();
  Open();
  EXPECT_EQ(Claim(*ledger_, "key")->kind, ClaimAnswer::kUnknown);
}

TEST_P(FailingDiskTest, AContradictionIsToldOnce) {
  Open();
  const ClaimAnswer claimed = *Claim(*ledger_, "key");
  ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kUnknown}).ok());
  ASSERT_TRUE(Resolve(*ledger_, {.id = claimed.entry.id, .reason = "r", .resolver = "me"}).ok());
  disk_.Set(GetParam(), true);
  EXPECT_TRUE(absl::IsUnavailable(Settle(*ledger_, claimed, {Settlement::kDone}).status()));
  disk_.Set(GetParam(), false);
  events_.WaitFor("the ledger is written again");
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->state, State::kDone);
  EXPECT_EQ(ledger_->stats().contradictions, 1u);
}

TEST_P(FailingDiskTest, AWaitEndsOnceTheResultIsWritten) {
  Open();
  const ClaimAnswer claimed = *Claim(*ledger_, "key");
  Answered<Entry> wait;
  ledger_->Wait(claimed.entry.id, wait.callback());
  ASSERT_TRUE(Find(*ledger_, claimed.entry.id).ok());  // Find is queued after the wait
  disk_.Set(GetParam(), true);
  EXPECT_TRUE(absl::IsUnavailable(Settle(*ledger_, claimed, {Settlement::kDone}).status()));
  EXPECT_FALSE(wait.IsThere());
  disk_.Set(GetParam(), false);
  EXPECT_EQ(wait.Get()->state, State::kDone);
}

std::string NameOf(const testing::TestParamInfo<FaultVfs::Fault>& fault) {
  constexpr const char* kNames[] = {"Writes", "Reads", "Syncs", "Full"};
  return kNames[fault.param];
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingDiskTest,
                         testing::Values(FaultVfs::kWrites, FaultVfs::kSyncs, FaultVfs::kNoSpace),
                         NameOf);

// A failed sync leaves pages in the cache that look written. Later commits must not depend on them.
TEST_F(SqliteDiskTest, ASyncThatFailedCarriesNoLaterCommit) {
  Open();
  for (int round = 0; round < 20; ++round) {
    disk_.Set(FaultVfs::kSyncs, true);
    EXPECT_TRUE(absl::IsUnavailable(Claim(*ledger_, absl::StrCat("lost", round)).status()));
    disk_.Set(FaultVfs::kSyncs, false);
    events_.WaitFor("the ledger is written again");
    const ClaimAnswer claimed = *Claim(*ledger_, absl::StrCat("key", round));
    ASSERT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone, "reply"}).ok());
    LosePower();
    for (int i = 0; i <= round; ++i) {
      EXPECT_EQ(Claim(*ledger_, absl::StrCat("key", i))->kind, ClaimAnswer::kDone) << i;
    }
  }
}

TEST_F(SqliteDiskTest, AStepOfTheClockEndsNoEntryThoughTheFileIsOpenedAnew) {
  SqliteOptions options = OptionsOf(FaultVfs::name());
  std::atomic<int64_t> now{1'800'000'000};
  options.common.now = [&] { return absl::FromUnixSeconds(now); };
  ledger_ = *SqliteLedger::Open(options);
  ASSERT_TRUE(Settle(*ledger_, *Claim(*ledger_, "key"), {Settlement::kDone, "reply"}).ok());
  now += absl::ToInt64Seconds(absl::Hours(24 * 400));
  disk_.Set(FaultVfs::kSyncs, true);
  EXPECT_TRUE(absl::IsUnavailable(Claim(*ledger_, "other").status()));
  disk_.Set(FaultVfs::kSyncs, false);
  events_.WaitFor("the ledger is written again");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(*Tend(*ledger_), 0);
  EXPECT_EQ(Claim(*ledger_, "key")->entry.reply, "reply");
  ledger_.reset();  // before its clock
}

TEST_F(SqliteDiskTest, ReadsThatFailAnswerUnavailable) {
  Open();
  const ClaimAnswer claimed = *Claim(*ledger_, "key");
  ledger_.reset();
  disk_.Set(FaultVfs::kReads, true);
  EXPECT_FALSE(SqliteLedger::Open(OptionsOf(FaultVfs::name())).ok());
  disk_.Set(FaultVfs::kReads, false);
  Open();
  EXPECT_EQ(Find(*ledger_, claimed.entry.id)->state, State::kUnknown);
}

TEST_F(SqliteDiskTest, AFullLedgerRefusesClaimsAndTakesResults) {
  SqliteOptions options = OptionsOf(nullptr);
  options.max_bytes = 1 << 20;
  absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger = SqliteLedger::Open(options);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  std::vector<ClaimAnswer> claimed;
  absl::StatusOr<ClaimAnswer> answer;
  for (int i = 0; i < 20'000; ++i) {
    ClaimRequest request = RequestOf(absl::StrCat("key", i));
    request.scope.identity = std::string(4000, 'i');
    answer = Claim(**ledger, request);
    if (!answer.ok()) break;
    claimed.push_back(*answer);
  }
  EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("has reached its size"));
  for (const ClaimAnswer& one : claimed) {
    EXPECT_TRUE(Settle(**ledger, one, {Settlement::kDone, "reply"}).ok());
  }
}

}  // namespace
}  // namespace gateway::ledger
