// The rules that the event log keeps on both databases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/events/log_under_test.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Short, because tests wait for it on a database where a restart does not end leases.
constexpr absl::Duration kDeadline = absl::Seconds(1);

class LogContractTest : public testing::TestWithParam<const char*> {
 protected:
  LogContractTest() : database_(MakeLogUnderTest(GetParam())) {
    options_.first_retry = absl::Milliseconds(10);
    options_.tend_every = absl::Hours(1);
    options_.subscriptions = {{.name = "one"}, {.name = "two"}};
  }

  void Open() {
    log_.reset();
    log_ = database_->Open(options_);
  }

  Appended::Kind Append(SealedEvent event) {
    const auto appended = AppendTo(*log_, std::move(event));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? appended->kind : Appended::kConflict;
  }

  std::vector<std::string> Pull(const std::string& subscription = "one", size_t most = 100) {
    return IdsOf(PullFrom(*log_, subscription, most));
  }

  // Pulls `count` events that were handed out before: they come again after their deadlines.
  // Returns the sorted ids.
  std::vector<std::string> PullAgain(const std::string& subscription, size_t count) {
    std::vector<std::string> ids;
    while (ids.size() < count) {
      const auto received =
          IdsOf(PullFrom(*log_, subscription, count - ids.size(), absl::Seconds(60)));
      if (received.empty()) break;
      ids.insert(ids.end(), received.begin(), received.end());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Options options_;
  std::unique_ptr<LogUnderTest> database_;
  std::unique_ptr<EventLog> log_;  // destroyed before database_
};

TEST_P(LogContractTest, EachSubscriptionIsHandedEachEventUntilItSaysDone) {
  for (Subscription& subscription : options_.subscriptions) subscription.ack_deadline = kDeadline;
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
  EXPECT_THAT(PullAgain("one", 1), ElementsAre("b")) << "it was out when the log was closed";
  EXPECT_THAT(PullAgain("two", 2), ElementsAre("a", "b"));
  EXPECT_EQ(log_->stats().subscriptions["one"].backlog, 1u);
  EXPECT_EQ(log_->stats().subscriptions["two"].backlog, 2u);
}

TEST_P(LogContractTest, ADuplicateIsKnownAndAnotherBodyIsKeptBeside) {
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
  EXPECT_EQ(log_->stats().duplicates, 1u) << "since it was opened";
}

TEST_P(LogContractTest, APullWaitsForAnEvent) {
  Open();
  auto waiting = std::async(std::launch::async,
                            [&] { return PullFrom(*log_, "one", 100, absl::Seconds(60)); });
  auto other = std::async(std::launch::async,
                          [&] { return PullFrom(*log_, "two", 100, absl::Milliseconds(1)); });
  EXPECT_THAT(IdsOf(other.get()), IsEmpty());
  Append(TestEvent("a"));
  EXPECT_THAT(IdsOf(waiting.get()), ElementsAre("a"));
}

TEST_P(LogContractTest, APullThatIsCancelledEndsWithoutEvents) {
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

TEST_P(LogContractTest, ALeaseThatEndsWakesAPullThatWaits) {
  options_.subscriptions = {{.name = "one", .ack_deadline = absl::Milliseconds(50)}};
  Open();
  Append(TestEvent("a"));
  EXPECT_THAT(Pull(), ElementsAre("a"));
  const auto again = PullFrom(*log_, "one", 100, absl::Seconds(60));
  EXPECT_THAT(IdsOf(again), ElementsAre("a"));
  EXPECT_EQ((*again)[0].attempt, 2);
}

TEST_P(LogContractTest, DeadLettersOutliveTheProcessAndComeBack) {
  options_.subscriptions = {{.name = "one", .ack_deadline = kDeadline, .max_attempts = 2}};
  Open();
  Append(TestEvent("poison"));
  Append(TestEvent("b"));
  const auto pull_and_give_back = [this](const char* id, int attempt) {
    const auto received = PullFrom(*log_, "one", 1);
    ASSERT_THAT(IdsOf(received), ElementsAre(id));
    EXPECT_EQ((*received)[0].attempt, attempt);
    ModifyRequest back{.subscription = "one", .what = ModifyRequest::kGiveBack};
    back.ack_ids = {(*received)[0].ack_id};
    EXPECT_THAT(*ModifyIn(*log_, back), ElementsAre(true));
  };
  pull_and_give_back("poison", 1);
  Open();  // the first try is remembered
  pull_and_give_back("poison", 2);
  pull_and_give_back("b", 1);
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
  EXPECT_THAT(PullAgain("one", 2), ElementsAre("b", "poison"));
  EXPECT_EQ(log_->stats().subscriptions["one"].dead_letters, 0u);
}

// Whoever may use a subscription of store A must not get at what it was given for store B before.
TEST_P(LogContractTest, ADeadLetterThatTheFilterNoLongerLetsThroughStaysWhereItIs) {
  options_.subscriptions = {{.name = "one", .max_attempts = 1}};
  Open();
  for (const char* store : {"B", "A", "B", "B", "A"}) {
    SealedEvent event = TestEvent(absl::StrCat(store, log_->stats().events));
    event.event.head.store = store;
    Append(std::move(event));
  }
  ModifyRequest back{.subscription = "one", .what = ModifyRequest::kGiveBack};
  const auto received = PullFrom(*log_, "one");
  for (const Received& one : *received) back.ack_ids.push_back(one.ack_id);
  EXPECT_EQ(ModifyIn(*log_, back)->size(), 5u);
  const auto list = [&](int64_t after, size_t limit) {
    const auto dead = Wait<std::vector<DeadLetter>>([&](auto done) {
      log_->ListDeadLetters({.subscription = "one", .after = after, .limit = limit},
                            std::move(done));
    });
    std::vector<int64_t> numbers;
    for (const DeadLetter& letter : *dead) numbers.push_back(letter.head.number);
    return numbers;
  };
  const auto redeliver = [&] {
    return *Wait<Effects>([&](auto done) {
      log_->Redeliver({.subscription = "one", .numbers = {1, 2, 3, 0, 9}}, std::move(done));
    });
  };
  EXPECT_THAT(list(0, 100), ElementsAre(1, 2, 3, 4, 5));

  options_.subscriptions[0].filter.stores = {"A"};
  Open();
  EXPECT_THAT(list(0, 100), ElementsAre(2, 5));
  EXPECT_THAT(list(0, 1), ElementsAre(2)) << "a page is full of what is shown";
  EXPECT_THAT(list(2, 1), ElementsAre(5));
  EXPECT_THAT(redeliver(), ElementsAre(false, true, false, false, false));
  EXPECT_THAT(Pull(), ElementsAre("A1"));

  options_.subscriptions[0].filter.stores = {};
  Open();
  EXPECT_THAT(list(0, 100), ElementsAre(1, 3, 4, 5)) << "they were left where they are";
}

TEST_P(LogContractTest, SeekGoesToANumberOrATime) {
  for (const char* id : {"a", "b", "c", "d"}) {
    Open();
    Append(TestEvent(id));
    log_.reset();
    database_->Age(absl::Minutes(1));
  }
  Open();
  const auto seek = [&](std::variant<int64_t, absl::Time> target) {
    return *Wait<int64_t>(
        [&](auto done) { log_->Seek({.subscription = "one", .target = target}, std::move(done)); });
  };
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  EXPECT_EQ(seek(int64_t{3}), 3);
  EXPECT_THAT(Pull(), ElementsAre("c", "d"));
  EXPECT_EQ(seek(absl::Now() - absl::Seconds(210)), 2) << "between the first and the second";
  const auto received = PullFrom(*log_, "one");
  EXPECT_THAT(IdsOf(received), ElementsAre("b", "c", "d"));
  EXPECT_EQ(seek(absl::InfiniteFuture()), 5);
  EXPECT_THAT(*AcknowledgeIn(*log_, "one", {(*received)[0]}), ElementsAre(false))
      << "it was handed out before the seek";
  Open();
  EXPECT_THAT(Pull(), IsEmpty()) << "it was set forward for good";
  EXPECT_EQ(seek(int64_t{-7}), 1);
  EXPECT_THAT(Pull(), ElementsAre("a", "b", "c", "d"));
}

TEST_P(LogContractTest, AnOrderedLaneHasOneEventOutAlsoAfterARestart) {
  options_.subscriptions = {{.name = "one", .ack_deadline = kDeadline, .ordered = true}};
  Open();
  for (const char* id : {"1a", "1b", "2a"}) {
    Append(TestEvent(id, "{}", "a", absl::StrCat("order ", absl::string_view(id, 1))));
  }
  EXPECT_THAT(Pull(), ElementsAre("1a", "2a"));
  Open();
  const auto again = PullAgain("one", 2);
  EXPECT_THAT(again, ElementsAre("1a", "2a"));
  EXPECT_THAT(Pull(), IsEmpty());
}

TEST_P(LogContractTest, AFilterLetsThroughWhatItNames) {
  options_.subscriptions = {{.name = "one"}};
  options_.subscriptions[0].filter.types = {"b"};
  Open();
  for (const char* type : {"a", "b", "c"}) Append(TestEvent(type, "{}", type));
  EXPECT_THAT(Pull(), ElementsAre("b"));
  EXPECT_EQ(log_->stats().subscriptions["one"].backlog, 1u);
}

TEST_P(LogContractTest, ALeaseThatIsExtendedEndsLaterAndOneThatIsGivenBackAtOnce) {
  options_.subscriptions = {{.name = "one", .ack_deadline = kDeadline}};
  Open();
  for (const char* id : {"a", "b", "c"}) Append(TestEvent(id));
  const auto received = PullFrom(*log_, "one");
  ASSERT_EQ(received->size(), 3u);
  ModifyRequest extend{.subscription = "one", .what = ModifyRequest::kExtend};
  extend.ack_ids = {(*received)[0].ack_id, (*received)[1].ack_id};
  extend.deadline = SteadyTime::Now() + absl::Hours(1);
  EXPECT_THAT(*ModifyIn(*log_, extend), ElementsAre(true, true));
  EXPECT_THAT(PullAgain("one", 1), ElementsAre("c")) << "the others are out for an hour";
  for (const auto what : {ModifyRequest::kGiveBack, ModifyRequest::kTakeBack}) {
    ModifyRequest back{.subscription = "one", .what = what};
    back.ack_ids = {(*received)[what == ModifyRequest::kGiveBack ? 0 : 1].ack_id};
    EXPECT_THAT(*ModifyIn(*log_, back), ElementsAre(true));
    EXPECT_THAT(*ModifyIn(*log_, back), ElementsAre(false)) << "the lease is over";
  }
  const auto again = PullFrom(*log_, "one", 2);
  EXPECT_THAT(IdsOf(again), ElementsAre("a", "b"));
  EXPECT_EQ((*again)[0].attempt, 2);
  EXPECT_EQ((*again)[1].attempt, 1) << "nobody had seen it";
}

TEST_P(LogContractTest, ManyAppendsShareACommit) {
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

TEST_P(LogContractTest, AThousandConsumersShareASubscription) {
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
  log_.reset();  // returns after the last callback, which uses `mutex`
  EXPECT_EQ(seen.size(), 1000u);
}

TEST_P(LogContractTest, AnUnknownSubscriptionIsNotFound) {
  Open();
  EXPECT_TRUE(absl::IsNotFound(PullFrom(*log_, "three").status()));
  EXPECT_TRUE(absl::IsNotFound(AcknowledgeIn(*log_, "three", {}).status()));
}

TEST_P(LogContractTest, ASubscriptionThatComesBackGoesOnWhereItWas) {
  Open();
  Append(TestEvent("a"));
  ASSERT_TRUE(AcknowledgeIn(*log_, "one", *PullFrom(*log_, "one")).ok());
  options_.subscriptions = {{.name = "two"}};
  Open();
  Append(TestEvent("b"));
  options_.subscriptions = {{.name = "one"}, {.name = "three"}};
  Open();
  EXPECT_THAT(Pull("one"), ElementsAre("b"));
  EXPECT_THAT(Pull("three"), ElementsAre("a", "b")) << "a new one begins with the oldest";
}

TEST_P(LogContractTest, ALargePullIsCutAndNothingOfItIsLost) {
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

INSTANTIATE_TEST_SUITE_P(Databases, LogContractTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gateway::events
