// How a ledger in a file commits: in groups, and never later than promised.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// Holds the writer thread at a named point until it is released.
class Gate {
 public:
  explicit Gate(std::string point) : point_(std::move(point)) {}

  void Pass(absl::string_view point) {
    std::unique_lock lock(mutex_);
    if (!closed_ || point != point_) return;
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !closed_; });
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    arrived_ = false;
  }
  void WaitForArrival() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }

 private:
  const std::string point_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool arrived_ = false;
};

class SqliteCommitTest : public testing::Test {
 protected:
  SqliteOptions OptionsWith(Gate* gate) {
    SqliteOptions options{.common = TestOptions(), .file = folder_.Path("ledger.db")};
    if (gate != nullptr) {
      options.common.at_point = [gate](absl::string_view point) { gate->Pass(point); };
    }
    return options;
  }
  std::unique_ptr<SqliteLedger> Open(const SqliteOptions& options) {
    absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger = SqliteLedger::Open(options);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return *std::move(ledger);
  }

  const TempDir folder_;
};

TEST_F(SqliteCommitTest, ACommitTakesWhatCameWhileTheLastWasOnItsWay) {
  Gate gate("before commit");
  const auto ledger = Open(OptionsWith(&gate));
  gate.Close();
  Answered<ClaimAnswer> first;
  ledger->Claim(RequestOf("first"), first.callback());
  gate.WaitForArrival();
  std::vector<Answered<ClaimAnswer>> others(50);
  for (size_t i = 0; i < others.size(); ++i) {
    ledger->Claim(RequestOf(absl::StrCat("key", i)), others[i].callback());
  }
  const uint64_t before = ledger->stats().commits;
  gate.Open();
  EXPECT_TRUE(first.Get().ok());
  for (Answered<ClaimAnswer>& other : others) EXPECT_TRUE(other.Get().ok());
  ASSERT_TRUE(List(*ledger, {}).ok());  // returns after the commit of these claims
  EXPECT_EQ(ledger->stats().commits - before, 2u);
  EXPECT_EQ(ledger->stats().operations_committed, 51u);
}

TEST_F(SqliteCommitTest, ACommitWaitsForHalfOfTheCallsThatAreUnderWay) {
  SqliteOptions options = OptionsWith(nullptr);
  options.gather = absl::Seconds(30);
  const auto ledger = Open(options);
  std::vector<ClaimAnswer> claimed;
  for (int i = 0; i < 4; ++i) claimed.push_back(*Claim(*ledger, absl::StrCat("key", i)));
  const uint64_t before = ledger->stats().commits;
  std::vector<Answered<Entry>> settled(2);
  for (size_t i = 0; i < settled.size(); ++i) {
    ledger->Settle(HoldingOf(claimed[i]), {Settlement::kDone}, settled[i].callback());
  }
  for (Answered<Entry>& one : settled) EXPECT_TRUE(one.Get().ok());
  EXPECT_EQ(ledger->stats().commits - before, 1u);
}

TEST_F(SqliteCommitTest, ACallThatComesAloneDoesNotWait) {
  SqliteOptions options = OptionsWith(nullptr);
  options.gather = absl::Hours(1);
  const auto ledger = Open(options);
  for (int i = 0; i < 3; ++i) {
    const ClaimAnswer claimed = *Claim(*ledger, absl::StrCat("key", i));
    EXPECT_TRUE(Settle(*ledger, claimed, {Settlement::kDone}).ok());
  }
}

// The destructor commits at once, and does not gather more operations for an hour.
TEST_F(SqliteCommitTest, TheEndCutsTheWaitShort) {
  SqliteOptions options = OptionsWith(nullptr);
  options.gather = absl::Hours(1);
  auto ledger = Open(options);
  std::vector<ClaimAnswer> claimed;
  for (int i = 0; i < 4; ++i) claimed.push_back(*Claim(*ledger, absl::StrCat("key", i)));
  Answered<Entry> settled;
  ledger->Settle(HoldingOf(claimed[0]), {Settlement::kDone}, settled.callback());
  ledger = nullptr;
  EXPECT_TRUE(settled.Get().ok());
}

TEST_F(SqliteCommitTest, NobodyHearsBeforeTheCommit) {
  Gate gate("before commit");
  const auto ledger = Open(OptionsWith(&gate));
  gate.Close();
  Answered<ClaimAnswer> claimed;
  ledger->Claim(RequestOf("key"), claimed.callback());
  gate.WaitForArrival();
  EXPECT_FALSE(claimed.IsThere());
  gate.Open();
  EXPECT_TRUE(claimed.Get().ok());
}

TEST_F(SqliteCommitTest, AReadCostsNoCommit) {
  const auto ledger = Open(OptionsWith(nullptr));
  const ClaimAnswer claimed = *Claim(*ledger, "key");
  const uint64_t commits = ledger->stats().commits;
  EXPECT_EQ(Claim(*ledger, "key")->kind, ClaimAnswer::kInProgress);
  EXPECT_TRUE(Find(*ledger, claimed.entry.id).ok());
  EXPECT_TRUE(List(*ledger, {}).ok());
  EXPECT_TRUE(Tend(*ledger).ok());
  EXPECT_EQ(ledger->stats().commits, commits);
}

TEST_F(SqliteCommitTest, TheQueueIsBoundedForAllButResults) {
  Gate gate("begin");
  SqliteOptions options = OptionsWith(&gate);
  options.common.max_queued = 2;
  const auto ledger = Open(options);
  const ClaimAnswer claimed = *Claim(*ledger, "claimed");
  gate.Close();
  std::vector<Answered<ClaimAnswer>> claims(4);
  ledger->Claim(RequestOf("0"), claims[0].callback());
  gate.WaitForArrival();
  for (size_t i = 1; i < claims.size(); ++i) {
    ledger->Claim(RequestOf(absl::StrCat(i)), claims[i].callback());
  }
  EXPECT_TRUE(absl::IsUnavailable(claims[3].Get().status()));
  Answered<Entry> settled;
  ledger->Settle(HoldingOf(claimed), {Settlement::kDone}, settled.callback());
  gate.Open();
  EXPECT_EQ(settled.Get()->state, State::kDone);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(claims[static_cast<size_t>(i)].Get().ok());
}

TEST_F(SqliteCommitTest, TheEndWritesWhatWasAsked) {
  std::vector<Answered<ClaimAnswer>> claims(300);
  {
    const auto ledger = Open(OptionsWith(nullptr));
    for (size_t i = 0; i < claims.size(); ++i) {
      ledger->Claim(RequestOf(absl::StrCat(i)), claims[i].callback());
    }
  }
  const auto ledger = Open(OptionsWith(nullptr));
  for (Answered<ClaimAnswer>& claim : claims) {
    const absl::StatusOr<ClaimAnswer> answer = claim.Get();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(Find(*ledger, answer->entry.id)->state, State::kUnknown);
  }
  EXPECT_EQ(ledger->stats().entries[State::kUnknown], 300);
  EXPECT_EQ(ledger->stats().entries[State::kIntent], 0);
}

TEST_F(SqliteCommitTest, CountsFollowTheEntries) {
  auto ledger = Open(OptionsWith(nullptr));
  EXPECT_EQ(ledger->stats().oldest_unknown, std::nullopt);
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "done"), {Settlement::kDone}).ok());
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "released"), {Settlement::kRefused}).ok());
  const ClaimAnswer unknown = *Claim(*ledger, "unknown");
  const absl::StatusOr<Entry> entry = Settle(*ledger, unknown, {Settlement::kUnknown});
  ASSERT_TRUE(Claim(*ledger, "intent").ok());
  ASSERT_TRUE(List(*ledger, {}).ok());
  for (int i = 0; i < 2; ++i) {
    const LedgerStats stats = ledger->stats();
    EXPECT_EQ(stats.entries.at(State::kDone), 1);
    EXPECT_EQ(stats.entries.at(State::kReleased), 1);
    EXPECT_EQ(stats.entries.at(State::kUnknown), 1 + i);
    EXPECT_EQ(stats.entries.at(State::kIntent), 1 - i);
    EXPECT_EQ(stats.entries.at(State::kNotDone), 0);
    EXPECT_EQ(stats.oldest_unknown, entry->changed);
    EXPECT_GT(stats.bytes, 0u);
    ledger.reset();
    ledger = Open(OptionsWith(nullptr));
  }
}

// A wall clock controlled by the test.
class Clock {
 public:
  absl::Time now() const { return absl::FromUnixMicros(micros_); }
  void Step(absl::Duration step) { micros_ += absl::ToInt64Microseconds(step); }

 private:
  std::atomic<int64_t> micros_{absl::ToUnixMicros(absl::FromUnixSeconds(1'800'000'000))};
};

class SqliteClockTest : public SqliteCommitTest {
 protected:
  SqliteOptions ClockOptions() {
    SqliteOptions options = OptionsWith(nullptr);
    options.common.now = [this] { return clock_.now(); };
    return options;
  }
  Clock clock_;
};

TEST_F(SqliteClockTest, AStepForwardEndsNoEntryEarly) {
  auto ledger = Open(ClockOptions());
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "key"), {Settlement::kDone, "reply"}).ok());
  clock_.Step(absl::Hours(24 * 400));
  EXPECT_EQ(*Tend(*ledger), 0);
  EXPECT_EQ(Claim(*ledger, "key")->entry.reply, "reply");
  clock_.Step(-absl::Hours(24 * 400));
  EXPECT_EQ(Claim(*ledger, "key")->entry.reply, "reply");
}

TEST_F(SqliteClockTest, ADoneKeepsItsReplyForThirtyDaysAndItsOutcomeForAYear) {
  auto ledger = Open(ClockOptions());
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "key"), {Settlement::kDone, "reply"}).ok());
  const auto after = [&](int days) {
    clock_.Step(absl::Hours(24 * days));
    ledger.reset();
    ledger = Open(ClockOptions());
    EXPECT_TRUE(Tend(*ledger).ok());
  };
  after(29);
  EXPECT_EQ(Claim(*ledger, "key")->entry.reply, "reply");
  after(2);
  EXPECT_EQ(Claim(*ledger, "key")->kind, ClaimAnswer::kDone);
  EXPECT_EQ(Claim(*ledger, "key")->entry.reply, std::nullopt);
  after(330);
  EXPECT_EQ(Claim(*ledger, "key")->kind, ClaimAnswer::kDone);
  after(5);
  EXPECT_TRUE(absl::IsNotFound(FindKey(*ledger, "key").status()));
  EXPECT_EQ(ledger->stats().entries[State::kDone], 0);
}

TEST_F(SqliteClockTest, PausesGrowWithEachLook) {
  const auto ledger = Open(ClockOptions());
  const ClaimAnswer unknown = *Claim(*ledger, "key");
  ASSERT_TRUE(Settle(*ledger, unknown, {Settlement::kUnknown}).ok());
  for (const int pause : {5, 10, 20, 40}) {
    ASSERT_THAT(*Take(*ledger, {}), SizeIs(1)) << pause;
    ASSERT_TRUE(Postpone(*ledger, {HoldingOf(unknown)}).ok());
    clock_.Step(absl::Seconds(pause) - absl::Milliseconds(1));
    EXPECT_THAT(*Take(*ledger, {}), IsEmpty()) << pause;
    clock_.Step(absl::Milliseconds(1));
  }
}

TEST_F(SqliteClockTest, AReaderThatNeverComesBackLosesItsLease) {
  const auto ledger = Open(ClockOptions());
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "key"), {Settlement::kUnknown}).ok());
  ASSERT_THAT(*Take(*ledger, {.lease = absl::Seconds(30)}), SizeIs(1));
  clock_.Step(absl::Seconds(30));
  EXPECT_THAT(*Take(*ledger, {}), IsEmpty());
  clock_.Step(absl::Seconds(5));
  EXPECT_THAT(*Take(*ledger, {}), SizeIs(1));
}

TEST_F(SqliteClockTest, AnUnknownIsLookedAtThoughTheClockWasSetBack) {
  const auto ledger = Open(ClockOptions());
  ASSERT_TRUE(Settle(*ledger, *Claim(*ledger, "key"), {Settlement::kUnknown}).ok());
  ASSERT_THAT(*Take(*ledger, {}), SizeIs(1));
  clock_.Step(-absl::Hours(24));
  EXPECT_THAT(*Take(*ledger, {}), SizeIs(1));
}

TEST_F(SqliteClockTest, RoomThatIsFreeIsGivenBack) {
  auto ledger = Open(ClockOptions());
  for (int i = 0; i < 40; ++i) {
    const ClaimAnswer claimed = *Claim(*ledger, absl::StrCat(i));
    ASSERT_TRUE(Settle(*ledger, claimed, {Settlement::kDone, std::string(100'000, 'r')}).ok());
  }
  const uint64_t full = ledger->stats().bytes;
  clock_.Step(absl::Hours(24 * 31));
  ledger.reset();
  ledger = Open(ClockOptions());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Tend(*ledger).ok());
  ASSERT_TRUE(List(*ledger, {}).ok());
  EXPECT_LT(ledger->stats().bytes, full / 4);
}

}  // namespace
}  // namespace gateway::ledger
