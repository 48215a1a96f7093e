// The event log in a file of SQLite: faults of its disk, its size, and its lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "service/events/sqlite/log.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/ledger/fault_vfs.h"
#include "tests/service/temp_dir.h"

namespace gateway::events {
namespace {

using ledger::FaultVfs;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class SqliteLogTest : public testing::Test {
 protected:
  SqliteLogTest() {
    options_.file = directory_.Path("events/events.db");
    options_.common.first_retry = absl::Milliseconds(10);
    options_.common.tend_every = absl::Hours(1);
    options_.common.subscriptions = {{.name = "one"}, {.name = "two"}};
  }

  void Open() {
    log_.reset();
    auto opened = SqliteEventLog::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }

  Appended::Kind Append(SealedEvent event) {
    const auto appended = AppendTo(*log_, std::move(event));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? appended->kind : Appended::kConflict;
  }

  std::vector<std::string> Pull(const std::string& subscription = "one", size_t most = 100) {
    return IdsOf(PullFrom(*log_, subscription, most));
  }

  const TempDir directory_;
  SqliteOptions options_;
  std::unique_ptr<SqliteEventLog> log_;
};

TEST_F(SqliteLogTest, WhatWasOutWhenTheFileWasClosedIsHandedOutAtOnce) {
  Open();
  Append(TestEvent("a"));
  EXPECT_THAT(Pull(), ElementsAre("a"));
  Open();
  EXPECT_THAT(Pull(), ElementsAre("a"));
}

class SqliteClockTest : public SqliteLogTest {
 protected:
  SqliteClockTest() {
    options_.common.now = [this] { return absl::FromUnixSeconds(now_); };
    options_.common.tend_every = absl::ZeroDuration();
  }
  void Step(absl::Duration step) { now_ += absl::ToInt64Seconds(step); }

  std::atomic<int64_t> now_{1'800'000'000};
};

TEST_F(SqliteClockTest, AStepForwardRemovesNothing) {
  Open();
  Append(TestEvent("a"));
  Step(2 * options_.common.keep);
  Append(TestEvent("b"));
  EXPECT_THAT(Pull(), ElementsAre("a", "b"));
}

TEST_F(SqliteClockTest, AStepForwardRemovesNothingThoughTheFileIsOpenedAnew) {
  FaultVfs disk;
  options_.vfs = FaultVfs::name();
  Open();
  Append(TestEvent("a"));
  Step(2 * options_.common.keep);
  disk.Set(FaultVfs::kSyncs, true);
  EXPECT_FALSE(AppendTo(*log_, TestEvent("b")).ok());
  disk.Set(FaultVfs::kSyncs, false);
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
  while (!AppendTo(*log_, TestEvent("c")).ok() && SteadyTime::Now() < end) {
    std::this_thread::yield();
  }
  EXPECT_THAT(Pull(), Contains("a"));
  EXPECT_EQ(log_->stats().subscriptions["one"].counters.lost, 0u);
  log_.reset();  // before its disk
}

TEST_F(SqliteClockTest, EventsOfTheFutureDoNotBlockTheRest) {
  constexpr absl::Duration kWrong = absl::Hours(24 * 365);
  options_.common.tend_batch = 2;
  Open();
  Append(TestEvent("before"));
  Step(kWrong);
  for (const char* id : {"future 1", "future 2", "future 3"}) Append(TestEvent(id));
  Step(-kWrong);
  Append(TestEvent("after"));
  Step(options_.common.keep - absl::Seconds(1));
  Open();
  EXPECT_THAT(Pull(), SizeIs(5)) << "nothing is old";
  Step(absl::Seconds(2));
  Open();
  for (int i = 0; i < 5; ++i) Append(TestEvent(absl::StrCat("new ", i)));
  EXPECT_THAT(Pull(), ElementsAre("new 0", "new 1", "new 2", "new 3", "new 4"));
  EXPECT_EQ(Append(TestEvent("future 1")), Appended::kNew) << "its key is gone too";
}

TEST_F(SqliteLogTest, AFileIsForOneProcess) {
  Open();
  const auto second = SqliteEventLog::Open(options_);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("is in use by another process"));
}

TEST_F(SqliteLogTest, AFullLogRefusesEventsAndTakesAcknowledgements) {
  options_.max_bytes = 1 << 20;
  Open();
  absl::StatusOr<Appended> appended = Appended{};
  int kept = 0;
  for (; appended.ok() && kept < 1000; ++kept) {
    appended = AppendTo(*log_, TestEvent(absl::StrCat(kept), std::string(10'000, 'x')));
  }
  EXPECT_TRUE(absl::IsUnavailable(appended.status())) << appended.status();
  EXPECT_THAT(std::string(appended.status().message()), HasSubstr("has reached its size"));
  EXPECT_EQ(AppendTo(*log_, TestEvent("0", std::string(10'000, 'x')))->kind, Appended::kDuplicate);
  EXPECT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
}

TEST_F(SqliteLogTest, ADiskThatFailsRefusesAndComesBack) {
  FaultVfs disk;
  options_.vfs = FaultVfs::name();
  Open();
  Append(TestEvent("a"));
  for (const FaultVfs::Fault fault : {FaultVfs::kSyncs, FaultVfs::kNoSpace, FaultVfs::kWrites}) {
    const std::string id = absl::StrCat("during ", fault);
    disk.Set(fault, true);
    const auto refused = AppendTo(*log_, TestEvent(id));
    EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
    EXPECT_GT(disk.Times(fault), 0);
    EXPECT_NE(log_->stats().unavailable, "");
    disk.Set(fault, false);
    // The provider repeats the delivery. It does not matter whether the first append was stored.
    absl::StatusOr<Appended> again = absl::UnavailableError("");
    const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
    while (!again.ok() && SteadyTime::Now() < end) {
      std::this_thread::yield();
      again = AppendTo(*log_, TestEvent(id));
    }
    EXPECT_TRUE(again.ok()) << again.status();
  }
  EXPECT_EQ(log_->stats().unavailable, "");
  EXPECT_EQ(Pull().size(), 4u) << "each once";
  log_.reset();  // before `disk` is destroyed
}

TEST_F(SqliteLogTest, WhatWasConfirmedIsThereAfterPowerWasCut) {
  FaultVfs disk;
  options_.vfs = FaultVfs::name();
  Open();
  for (const char* id : {"a", "b", "c"}) Append(TestEvent(id));
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one", 2)).ok());
  disk.CutPower();
  log_.reset();
  disk.Restore();
  Open();
  EXPECT_THAT(Pull(), ElementsAre("c"));
  EXPECT_THAT(Pull("two"), ElementsAre("a", "b", "c"));
  log_.reset();  // before `disk` is destroyed
}

}  // namespace
}  // namespace gateway::events
