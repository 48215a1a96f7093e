// A forwarder between an event log in a file and a fake target whose answers the test chooses.
#include "service/events/forward/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/events/sqlite/log.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr absl::Duration kPatience = absl::Seconds(60);

class FakeTarget final : public Target {
 public:
  // Returns the answer to handover number `time` of an event. If null, the target answers an event
  // only when the test calls Answer.
  using Rule = std::function<Handover(const std::string& id, int time)>;
  explicit FakeTarget(Rule rule = nullptr) : rule_(std::move(rule)) {}

  void HandOn(Message message, SteadyTime, Done done) override {
    const std::string id = message.id.substr(0, message.id.rfind(':'));  // without the body's hash
    int time;
    {
      const std::lock_guard lock(mutex_);
      ids_.push_back(id);
      time = ++times_[id];
      if (!rule_) held_.emplace_back(id, std::move(done));
    }
    changed_.notify_all();
    if (rule_) done({rule_(id, time), "as the test says"});
  }

  // Waits until `count` events have come, or kPatience has passed. Returns the ids of all that have
  // come, in order.
  std::vector<std::string> Await(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(kPatience),
                      [&] { return ids_.size() >= count; });
    return ids_;
  }
  // How often the event came.
  int times(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return times_[id];
  }

  void Answer(const std::string& id, Handover handover) {
    Done done;
    {
      const std::lock_guard lock(mutex_);
      const auto held = std::find_if(held_.begin(), held_.end(),
                                     [&](const auto& one) { return one.first == id; });
      ASSERT_NE(held, held_.end()) << id;
      done = std::move(held->second);
      held_.erase(held);
    }
    done({handover, "as the test says"});
  }

 private:
  const Rule rule_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::string> ids_;
  std::map<std::string, int> times_;
  std::vector<std::pair<std::string, Done>> held_;
};

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() {
    options_.subscription = "onward";
    options_.pacing = {.most = 4, .base = absl::Milliseconds(2), .cap = absl::Milliseconds(8)};
    subscription_.name = "onward";
  }
  ~ForwarderTest() override { Stop(); }

  void Start(std::shared_ptr<FakeTarget> target) {
    if (log_ == nullptr) {
      SqliteOptions options;
      options.file = directory_.Path("events/events.db");
      options_.max_attempts = subscription_.max_attempts;
      options.common.subscriptions = {subscription_};
      log_ = *SqliteEventLog::Open(std::move(options));
    }
    target_ = std::move(target);
    forwarder_ = std::make_unique<Forwarder>(options_, *log_, cipher_, Reader(),
                                             [target = target_] { return target; });
  }
  void Stop() {
    forwarder_ = nullptr;
    log_ = nullptr;
  }

  static const webhooks::EventReader& Reader() {
    static const auto& reader =
        **new auto(webhooks::EventReader::Create(webhooks::EmbeddedSchemes()).value());
    return reader;
  }

  void Append(int first, int last, const std::string& resource = "") {
    for (int i = first; i <= last; ++i) {
      ASSERT_TRUE(AppendTo(*log_, TestEvent(absl::StrCat(i), "{}", "a", resource)).ok());
    }
  }

  // Waits until `fits` is true for the subscription's state. Returns false after kPatience.
  bool Until(const std::function<bool(const SubscriptionStats&)>& fits) {
    const SteadyTime end = SteadyTime::Now() + kPatience;
    while (SteadyTime::Now() < end) {
      if (fits(log_->stats().subscriptions.at("onward"))) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool UntilDone() {
    return Until([](const SubscriptionStats& of) { return of.backlog == 0 && of.out == 0; });
  }

  const TempDir directory_;
  Subscription subscription_;
  ForwarderOptions options_;
  std::shared_ptr<ledger::ReplyCipher> cipher_ = TestCipher();
  std::unique_ptr<SqliteEventLog> log_;
  std::shared_ptr<FakeTarget> target_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(ForwarderTest, WhatTheTargetHasIsAcknowledged) {
  Start(std::make_shared<FakeTarget>([](const std::string& id, int) {
    return id == "paynow:2" ? Handover::kDuplicate : Handover::kTaken;
  }));
  Append(1, 3);
  EXPECT_THAT(target_->Await(3), ElementsAre("paynow:1", "paynow:2", "paynow:3"));
  EXPECT_TRUE(UntilDone());
  EXPECT_EQ(forwarder_->count(Handover::kTaken), 2u);
  EXPECT_EQ(forwarder_->count(Handover::kDuplicate), 1u);
  EXPECT_GT(forwarder_->time(), absl::ZeroDuration());
  EXPECT_EQ(log_->stats().subscriptions.at("onward").counters.acknowledged, 3u);
}

TEST_F(ForwarderTest, NoMoreThanAllowedAreUnderWay) {
  Start(std::make_shared<FakeTarget>());
  Append(1, 9);
  EXPECT_EQ(target_->Await(4).size(), 4u);
  EXPECT_EQ(forwarder_->in_flight(), 4u);
  target_->Answer("paynow:2", Handover::kTaken);
  EXPECT_THAT(target_->Await(5).back(), "paynow:5");
  EXPECT_LE(forwarder_->in_flight(), 4u);
  for (const char* id : {"paynow:1", "paynow:3", "paynow:4", "paynow:5"}) {
    target_->Answer(id, Handover::kTaken);
  }
  EXPECT_EQ(target_->Await(9).size(), 9u);
  for (int i = 6; i <= 9; ++i) target_->Answer(absl::StrCat("paynow:", i), Handover::kTaken);
  EXPECT_TRUE(UntilDone());
}

TEST_F(ForwarderTest, WhatFailsComesAgainUntilItIsADeadLetter) {
  subscription_.max_attempts = 3;
  Start(std::make_shared<FakeTarget>([](const std::string&, int) { return Handover::kFailed; }));
  Append(1, 1);
  EXPECT_TRUE(Until([](const SubscriptionStats& of) { return of.dead_letters == 1; }));
  EXPECT_EQ(target_->times("paynow:1"), 3);
  EXPECT_EQ(forwarder_->count(Handover::kFailed), 3u);
  EXPECT_TRUE(forwarder_->failing());
}

// An event that a target in a long outage has never received must not become a dead letter.
TEST_F(ForwarderTest, WhatNeverReachedTheTargetDoesNotCountAsATry) {
  subscription_.max_attempts = 2;
  Start(std::make_shared<FakeTarget>([](const std::string&, int time) {
    return time < 10 ? Handover::kUnreachable : Handover::kTaken;
  }));
  Append(1, 1);
  EXPECT_TRUE(UntilDone());
  EXPECT_EQ(target_->times("paynow:1"), 10);
  EXPECT_EQ(log_->stats().subscriptions.at("onward").dead_letters, 0u);
  EXPECT_FALSE(forwarder_->failing());
}

TEST_F(ForwarderTest, APoisonEventDoesNotStopTheRest) {
  subscription_.max_attempts = 4;
  Start(std::make_shared<FakeTarget>([](const std::string& id, int) {
    return id == "paynow:1" ? Handover::kRefused : Handover::kTaken;
  }));
  Append(1, 50);
  EXPECT_TRUE(
      Until([](const SubscriptionStats& of) { return of.dead_letters == 1 && of.backlog == 0; }));
  EXPECT_EQ(target_->times("paynow:1"), 4);
  EXPECT_EQ(forwarder_->count(Handover::kTaken), 49u);
}

TEST_F(ForwarderTest, OrderIsKeptWithinAResource) {
  subscription_.ordered = true;
  Start(std::make_shared<FakeTarget>([](const std::string&, int time) {
    return time < 3 ? Handover::kFailed : Handover::kTaken;
  }));
  Append(1, 3, "order");
  EXPECT_TRUE(UntilDone());
  EXPECT_THAT(target_->Await(9),
              ElementsAre("paynow:1", "paynow:1", "paynow:1", "paynow:2", "paynow:2", "paynow:2",
                          "paynow:3", "paynow:3", "paynow:3"));
}

TEST_F(ForwarderTest, WhatCannotBeDecryptedIsADeadLetterAndSentNowhere) {
  subscription_.max_attempts = 2;
  cipher_ = *ledger::ReplyCipher::Create(std::string(ledger::ReplyCipher::kKeyBytes, 'x'));
  Start(std::make_shared<FakeTarget>([](const std::string&, int) { return Handover::kTaken; }));
  Append(1, 1);
  EXPECT_TRUE(Until([](const SubscriptionStats& of) { return of.dead_letters == 1; }));
  EXPECT_EQ(target_->times("paynow:1"), 0);
  EXPECT_EQ(forwarder_->count(Handover::kUnreadable), 2u);
}

// An unsigned event must be confirmed by a read. EventService does so, but a target cannot.
TEST_F(ForwarderTest, WhatNobodyHasSignedIsHandedToNobody) {
  Start(std::make_shared<FakeTarget>([](const std::string&, int) { return Handover::kTaken; }));
  SealedEvent hint = TestEvent("1");
  hint.event.head.provider = "qashier";
  ASSERT_TRUE(AppendTo(*log_, std::move(hint)).ok());
  Append(2, 2);
  EXPECT_TRUE(UntilDone());
  EXPECT_THAT(target_->Await(1), ElementsAre("paynow:2"));
  EXPECT_EQ(forwarder_->count(Handover::kUnsigned), 1u);
}

TEST_F(ForwarderTest, TheEndWaitsForWhatIsUnderWayAndLeavesTheRest) {
  Start(std::make_shared<FakeTarget>());
  Append(1, 6);
  ASSERT_EQ(target_->Await(4).size(), 4u);
  forwarder_->Stop();
  std::thread answers([&] {
    for (int i = 1; i <= 4; ++i) target_->Answer(absl::StrCat("paynow:", i), Handover::kTaken);
  });
  forwarder_ = nullptr;
  answers.join();
  EXPECT_EQ(target_->Await(4).size(), 4u);
  EXPECT_THAT(IdsOf(PullFrom(*log_, "onward")), UnorderedElementsAre("5", "6"));
}

// The target has received the event, but the forwarder ends without an acknowledgement: the
// target's late answer is kUnreachable.
TEST_F(ForwarderTest, WhatWasNotAcknowledgedIsHandedOnAgainWithTheSameId) {
  Start(std::make_shared<FakeTarget>());
  Append(1, 1);
  ASSERT_EQ(target_->Await(1).size(), 1u);
  forwarder_->Stop();
  target_->Answer("paynow:1", Handover::kUnreachable);
  Stop();
  Start(std::make_shared<FakeTarget>([](const std::string&, int) { return Handover::kTaken; }));
  EXPECT_THAT(target_->Await(1), ElementsAre("paynow:1"));
  EXPECT_TRUE(UntilDone());
}

}  // namespace
}  // namespace gateway::events
