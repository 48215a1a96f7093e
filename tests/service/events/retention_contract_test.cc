// Events that are older than `keep`, with both databases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/events/log_calls.h"
#include "tests/service/events/log_under_test.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RetentionContractTest : public testing::TestWithParam<const char*> {
 protected:
  RetentionContractTest() : database_(MakeLogUnderTest(GetParam())) {
    options_.first_retry = absl::Milliseconds(10);
    options_.tend_every = absl::Hours(1);
    options_.subscriptions = {{.name = "one"}, {.name = "two"}};
  }

  void Open() {
    log_.reset();
    log_ = database_->Open(options_);
  }
  // Makes all events that are there now too old.
  void OpenLater() {
    log_.reset();
    database_->Age(options_.keep + absl::Seconds(1));
    options_.tend_every = absl::ZeroDuration();
    Open();
  }

  Appended::Kind Append(SealedEvent event) {
    const auto appended = AppendTo(*log_, std::move(event));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? appended->kind : Appended::kConflict;
  }
  std::vector<std::string> Pull(const std::string& subscription, size_t most = 100) {
    return IdsOf(PullFrom(*log_, subscription, most));
  }
  uint64_t Lost(const std::string& subscription) {
    return log_->stats().subscriptions[subscription].counters.lost;
  }

  Options options_;
  std::unique_ptr<LogUnderTest> database_;
  std::unique_ptr<EventLog> log_;  // before its database
};

TEST_P(RetentionContractTest, WhatIsTooOldGoesAndWhatNobodyWasHandedIsTold) {
  std::atomic<int> told{0};
  options_.on_event = [&](absl::string_view event, absl::string_view reason) {
    if (event != "events were removed that a subscription was still owed") return;
    EXPECT_EQ(reason, "two 2");
    ++told;
  };
  Open();
  SealedEvent for_good = TestEvent("for good");
  for_good.event.keep_key = true;
  Append(std::move(for_good));
  Append(TestEvent("not for good"));
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  EXPECT_THAT(Pull("two", 1), ElementsAre("for good"));
  OpenLater();
  EXPECT_EQ(Append(TestEvent("new")), Appended::kNew);
  EXPECT_THAT(Pull("two"), ElementsAre("new"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(Lost("two"), 2u);
  EXPECT_EQ(Lost("one"), 0u);
  EXPECT_EQ(Append(TestEvent("for good")), Appended::kDuplicate)
      << "a recorded delivery does not become a new event";
  EXPECT_EQ(Append(TestEvent("not for good")), Appended::kNew);
}

TEST_P(RetentionContractTest, ASubscriptionThatWasAwayIsToldWhatItLost) {
  Open();
  Append(TestEvent("a"));
  Append(TestEvent("b"));
  ASSERT_TRUE(AcknowledgeIn(*log_, "two", *PullFrom(*log_, "two", 1)).ok());
  options_.subscriptions = {{.name = "one"}};
  OpenLater();
  Append(TestEvent("c"));
  EXPECT_THAT(Pull("one"), ElementsAre("c"));
  options_.subscriptions = {{.name = "two"}, {.name = "new"}};
  Open();
  EXPECT_THAT(Pull("two"), ElementsAre("c"));
  EXPECT_EQ(Lost("two"), 1u);
  EXPECT_THAT(Pull("new"), ElementsAre("c"));
  EXPECT_EQ(Lost("new"), 0u) << "what was removed before it came, nobody owes it";
}

// The last lease of an event ends in the transaction that removes the event.
TEST_P(RetentionContractTest, WhatIsGoneDoesNotBecomeADeadLetter) {
  options_.keep = absl::Milliseconds(1);
  options_.subscriptions = {
      {.name = "one", .ack_deadline = absl::Milliseconds(1), .max_attempts = 1}};
  Open();
  Append(TestEvent("a"));
  EXPECT_THAT(Pull("one"), ElementsAre("a"));
  const SteadyTime both_are_over = SteadyTime::Now() + absl::Milliseconds(100);
  while (SteadyTime::Now() < both_are_over) std::this_thread::yield();
  log_.reset();  // looks once more for what is too old
  options_.keep = absl::Hours(1);
  Open();
  const auto dead = Wait<std::vector<DeadLetter>>(
      [&](auto done) { log_->ListDeadLetters({.subscription = "one"}, std::move(done)); });
  ASSERT_TRUE(dead.ok()) << dead.status();
  EXPECT_THAT(*dead, IsEmpty());
  EXPECT_EQ(log_->stats().subscriptions["one"].dead_letters, 0u);
  const auto redelivered = Wait<Effects>([&](auto done) {
    log_->Redeliver({.subscription = "one", .numbers = {1}}, std::move(done));
  });
  ASSERT_TRUE(redelivered.ok()) << redelivered.status();
  EXPECT_THAT(*redelivered, ElementsAre(false));
  Append(TestEvent("b"));
  EXPECT_THAT(Pull("one"), ElementsAre("b"));
}

INSTANTIATE_TEST_SUITE_P(Databases, RetentionContractTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gateway::events
