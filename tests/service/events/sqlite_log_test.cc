// The log in a file of SQLite: what it keeps, hands out, and does not lose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "service/events/sqlite/log.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/ledger/fault_vfs.h"
#include "tests/service/temp_dir.h"

namespace gateway::events {
namespace {

using ledger::FaultVfs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteLogTest : public testing::Test {
 protected:
  SqliteLogTest() {
    options_.file = directory_.Path("events/events.db");
    options_.first_retry = absl::Milliseconds(10);
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

TEST_F(SqliteLogTest, EachSubscriptionIsHandedEachEventUntilItSaysDone) {
  Open();
  Append(TestEvent("a"));
  Append(TestEvent("b"));
  const auto received = PullFrom(*log_, "one");
  EXPECT_THAT(IdsOf(received), ElementsAre("a", "b"));
  EXPECT_EQ(*OpenBody(*TestCipher(), (*received)[0].event.key, (*received)[0].event.sealed_body),
            "{}");
  EXPECT_THAT(Pull("two", 1), ElementsAre("a"));
  EXPECT_THAT(*AcknowledgeIn(*log_, "one", {(*received)[0]}), ElementsAre(true));
  Open();
  EXPECT_THAT(Pull(), ElementsAre("b")) << "it was out when the log was closed";
  EXPECT_THAT(Pull("two"), ElementsAre("a", "b"));
  EXPECT_EQ(log_->stats().subscriptions["one"].backlog, 1u);
  EXPECT_EQ(log_->stats().subscriptions["two"].backlog, 2u);
}

TEST_F(SqliteLogTest, ADuplicateIsKnownAndAnotherBodyIsKeptBeside) {
  Open();
  EXPECT_EQ(Append(TestEvent("a", "1")), Appended::kNew);
  EXPECT_EQ(Append(TestEvent("a", "1")), Appended::kDuplicate);
  EXPECT_EQ(Append(TestEvent("a", "2")), Appended::kConflict);
  EXPECT_EQ(Append(TestEvent("a", "2")), Appended::kDuplicate);
  EXPECT_EQ(Append(TestEvent("", "1")), Appended::kNew);
  EXPECT_EQ(Append(TestEvent("", "1")), Appended::kDuplicate) << "without an id the body counts";
  EXPECT_EQ(Append(TestEvent("", "2")), Appended::kNew);
  Open();
  EXPECT_EQ(Append(TestEvent("a", "1")), Appended::kDuplicate);
  EXPECT_THAT(Pull(), ElementsAre("a", "a", "", ""));
  EXPECT_EQ(log_->stats().duplicates, 1u);
}

TEST_F(SqliteLogTest, APullWaitsForAnEvent) {
  Open();
  auto waiting = std::async(std::launch::async,
                            [&] { return PullFrom(*log_, "one", 100, absl::Seconds(60)); });
  auto other = std::async(std::launch::async,
                          [&] { return PullFrom(*log_, "two", 100, absl::Milliseconds(1)); });
  EXPECT_THAT(IdsOf(other.get()), IsEmpty());
  Append(TestEvent("a"));
  EXPECT_THAT(IdsOf(waiting.get()), ElementsAre("a"));
}

TEST_F(SqliteLogTest, APullThatIsCancelledEndsWithoutEvents) {
  Open();
  std::promise<size_t> ended;
  PullRequest request{.subscription = "one"};
  request.until = SteadyTime::Now() + absl::Hours(1);
  const PullId pull = log_->Pull(request, [&](absl::StatusOr<std::vector<Received>> received) {
    ended.set_value(received.ok() ? received->size() : 99);
  });
  log_->CancelPull(pull);
  EXPECT_EQ(ended.get_future().get(), 0u);
}

TEST_F(SqliteLogTest, ALeaseThatEndsWakesAPullThatWaits) {
  options_.common.subscriptions = {{.name = "one", .ack_deadline = absl::Milliseconds(50)}};
  Open();
  Append(TestEvent("a"));
  EXPECT_THAT(Pull(), ElementsAre("a"));
  const auto again = PullFrom(*log_, "one", 100, absl::Seconds(60));
  EXPECT_THAT(IdsOf(again), ElementsAre("a"));
  EXPECT_EQ((*again)[0].attempt, 2);
}

TEST_F(SqliteLogTest, DeadLettersOutliveTheProcessAndComeBack) {
  options_.common.subscriptions = {{.name = "one", .max_attempts = 2}};
  Open();
  Append(TestEvent("poison"));
  Append(TestEvent("b"));
  for (int i = 0; i < 2; ++i) {
    const auto received = PullFrom(*log_, "one", 1);
    ASSERT_THAT(IdsOf(received), ElementsAre("poison"));
    EXPECT_EQ((*received)[0].attempt, i + 1);
    ModifyRequest back{.subscription = "one", .what = ModifyRequest::kGiveBack};
    back.ack_ids = {(*received)[0].ack_id};
    EXPECT_THAT(*ModifyIn(*log_, back), ElementsAre(true));
    if (i == 0) Open();  // the first try is remembered
  }
  EXPECT_THAT(Pull(), ElementsAre("b"));
  Open();
  const auto dead = Wait<std::vector<DeadLetter>>(
      [&](auto done) { log_->ListDeadLetters({.subscription = "one"}, std::move(done)); });
  ASSERT_TRUE(dead.ok());
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ((*dead)[0].head.id, "poison");
  EXPECT_EQ((*dead)[0].attempts, 2);
  EXPECT_EQ(log_->stats().subscriptions["one"].dead_letters, 1u);
  const auto redelivered = Wait<Effects>([&](auto done) {
    log_->Redeliver({.subscription = "one", .numbers = {(*dead)[0].head.number, 2}},
                    std::move(done));
  });
  EXPECT_THAT(*redelivered, ElementsAre(true, false));
  EXPECT_THAT(Pull(), ElementsAre("poison", "b"));
  EXPECT_EQ(log_->stats().subscriptions["one"].dead_letters, 0u);
}

TEST_F(SqliteLogTest, SeekGoesToANumberOrATime) {
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  options_.common.now = [&] { return now; };
  Open();
  for (const char* id : {"a", "b", "c", "d"}) {
    Append(TestEvent(id));
    now += absl::Minutes(1);
  }
  const auto seek = [&](std::variant<int64_t, absl::Time> target) {
    return *Wait<int64_t>(
        [&](auto done) { log_->Seek({.subscription = "one", .target = target}, std::move(done)); });
  };
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  EXPECT_EQ(seek(int64_t{3}), 3);
  EXPECT_THAT(Pull(), ElementsAre("c", "d"));
  EXPECT_EQ(seek(absl::FromUnixSeconds(1'800'000'000) + absl::Seconds(30)), 2);
  EXPECT_THAT(Pull(), ElementsAre("b", "c", "d"));
  EXPECT_EQ(seek(absl::InfiniteFuture()), 5);
  Open();
  EXPECT_THAT(Pull(), IsEmpty()) << "it was set forward for good";
  EXPECT_EQ(seek(int64_t{-7}), 1);
  EXPECT_THAT(Pull(), ElementsAre("a", "b", "c", "d"));
}

TEST_F(SqliteLogTest, WhatIsTooOldGoesAndWhatNobodyWasHandedIsTold) {
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  std::atomic<int> told{0};
  options_.common.now = [&] { return now; };
  options_.common.on_event = [&](absl::string_view event, absl::string_view reason) {
    EXPECT_EQ(event, "events were removed that a subscription was still owed");
    EXPECT_EQ(reason, "two 1");
    ++told;
  };
  Open();
  SealedEvent for_good = TestEvent("for good");
  for_good.event.keep_key = true;
  Append(std::move(for_good));
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  now += options_.common.keep + absl::Seconds(1);
  options_.common.tend_every = absl::ZeroDuration();
  Open();
  Append(TestEvent("new"));
  EXPECT_THAT(Pull("two"), ElementsAre("new"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(log_->stats().subscriptions["two"].counters.lost, 1u);
  EXPECT_EQ(log_->stats().subscriptions["one"].counters.lost, 0u);
  EXPECT_EQ(Append(TestEvent("for good")), Appended::kDuplicate)
      << "a recorded delivery does not become a new event";
}

TEST_F(SqliteLogTest, AStepOfTheClockForwardRemovesNothing) {
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  options_.common.now = [&] { return now; };
  options_.common.tend_every = absl::ZeroDuration();
  Open();
  Append(TestEvent("a"));
  now += 2 * options_.common.keep;
  Append(TestEvent("b"));
  EXPECT_THAT(Pull(), ElementsAre("a", "b"));
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
    // The provider comes again. Whether the first time got into the file does not matter.
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
  log_.reset();  // before its disk
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
  log_.reset();  // before its disk
}

TEST_F(SqliteLogTest, ManyAppendsShareACommit) {
  options_.common.at_point = [](absl::string_view) {};
  Open();
  std::atomic<int> left{2000};
  std::promise<void> all;
  for (int i = 0; i < 2000; ++i) {
    log_->Append(TestEvent(absl::StrCat(i)), [&](const absl::StatusOr<Appended>& appended) {
      EXPECT_TRUE(appended.ok()) << appended.status();
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(log_->stats().events, 2000u);
  EXPECT_LT(log_->stats().commits, 1000u);
}

TEST_F(SqliteLogTest, AThousandConsumersShareASubscription) {
  Open();
  constexpr int kConsumers = 1000;
  std::atomic<int> left{kConsumers};
  std::promise<void> all;
  std::mutex mutex;
  std::set<std::string> seen;
  for (int i = 0; i < kConsumers; ++i) {
    PullRequest request{.subscription = "one", .max_events = 1};
    request.until = SteadyTime::Now() + absl::Seconds(120);
    log_->Pull(request, [&](absl::StatusOr<std::vector<Received>> received) {
      const auto ids = IdsOf(received);
      const std::lock_guard lock(mutex);
      for (const std::string& id : ids) EXPECT_TRUE(seen.insert(id).second) << id;
      EXPECT_EQ(ids.size(), 1u);
      if (--left == 0) all.set_value();
    });
  }
  for (int i = 0; i < kConsumers; ++i) log_->Append(TestEvent(absl::StrCat(i)), nullptr);
  all.get_future().wait();
  EXPECT_EQ(seen.size(), 1000u);
}

TEST_F(SqliteLogTest, AnUnknownSubscriptionIsNotFound) {
  Open();
  EXPECT_TRUE(absl::IsNotFound(PullFrom(*log_, "three").status()));
  EXPECT_TRUE(absl::IsNotFound(AcknowledgeIn(*log_, "three", {}).status()));
}

TEST_F(SqliteLogTest, ASubscriptionThatComesBackGoesOnWhereItWas) {
  Open();
  Append(TestEvent("a"));
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  options_.common.subscriptions = {{.name = "two"}};
  Open();
  Append(TestEvent("b"));
  options_.common.subscriptions = {{.name = "one"}, {.name = "three"}};
  Open();
  EXPECT_THAT(Pull("one"), ElementsAre("b"));
  EXPECT_THAT(Pull("three"), ElementsAre("a", "b")) << "a new one begins with the oldest";
}

TEST_F(SqliteLogTest, ALargePullIsCutAndNothingOfItIsLost) {
  Open();
  for (int i = 0; i < 4; ++i) Append(TestEvent(absl::StrCat(i), std::string(1000, 'x')));
  PullRequest request{.subscription = "one", .max_bytes = 2500};
  const auto received =
      Wait<std::vector<Received>>([&](auto done) { log_->Pull(request, std::move(done)); });
  EXPECT_THAT(IdsOf(received), ElementsAre("0", "1"));
  const auto rest = PullFrom(*log_, "one");
  EXPECT_THAT(IdsOf(rest), ElementsAre("2", "3"));
  EXPECT_EQ((*rest)[0].attempt, 1);
}

}  // namespace
}  // namespace gateway::events
