// The rules by which Deliveries hands out events, without a real clock or disk.
#include "service/events/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/service/events/deliveries_fixture.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(DeliveriesTest, HandsOutEachEventToOneConsumerAtATime) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(5);
  EXPECT_THAT(Pull(deliveries, 2), ElementsAre(1, 2));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(3, 4, 5));
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty());
  EXPECT_EQ(deliveries.out(), 5u);
}

TEST_F(DeliveriesTest, WhatDoesNotPassTheFilterIsDone) {
  Subscription subscription{.name = "s"};
  subscription.filter.types = {"b"};
  Deliveries deliveries = Make(subscription);
  Append("a");
  Append("b");
  Append("a");
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2));
  EXPECT_EQ(deliveries.done().Missing(end()), 1);
}

TEST_F(DeliveriesTest, AnAcknowledgedEventNeverComesAgain) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(3);
  const auto out = HandOut(deliveries, 9);
  EXPECT_TRUE(deliveries.Acknowledge(out[1].id));
  now_ += kDeadline;
  deliveries.Expire(now_);
  const auto again = HandOut(deliveries, 9);
  EXPECT_THAT(Numbers(again), ElementsAre(1, 3));
  EXPECT_EQ(again[0].attempt, 2);
}

TEST_F(DeliveriesTest, ALateAcknowledgementCounts) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(1);
  const auto first = HandOut(deliveries, 9);
  now_ += kDeadline;
  deliveries.Expire(now_);
  const auto second = HandOut(deliveries, 9);
  EXPECT_TRUE(deliveries.Acknowledge(first[0].id));
  EXPECT_EQ(deliveries.out(), 0u);
  EXPECT_FALSE(deliveries.Extend(second[0].id, now_ + kDeadline));
  EXPECT_EQ(deliveries.done().FirstMissing(), 2);
}

TEST_F(DeliveriesTest, OnlyTheHolderOfALeaseMayChangeIt) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(1);
  const auto first = HandOut(deliveries, 9);
  now_ += kDeadline;
  deliveries.Expire(now_);
  const auto second = HandOut(deliveries, 9);
  EXPECT_FALSE(deliveries.GiveBack(first[0].id));
  EXPECT_FALSE(deliveries.TakeBack(first[0].id));
  EXPECT_TRUE(deliveries.Extend(second[0].id, now_ + absl::Hours(1)));
  now_ += kDeadline;
  deliveries.Expire(now_);
  EXPECT_EQ(deliveries.out(), 1u);
}

TEST_F(DeliveriesTest, WhatIsGivenBackComesAtOnceAndCounts) {
  Deliveries deliveries = Make({.name = "s", .max_attempts = 3});
  AppendMany(2);
  for (int32_t attempt = 1; attempt <= 3; ++attempt) {
    const auto out = HandOut(deliveries, 1);
    ASSERT_THAT(Numbers(out), ElementsAre(1));
    EXPECT_EQ(out[0].attempt, attempt);
    EXPECT_TRUE(deliveries.GiveBack(out[0].id));
  }
  const Deliveries::Changes changes = deliveries.TakeChanges();
  ASSERT_EQ(changes.dead.size(), 1u);
  EXPECT_EQ(changes.dead[0].number, 1);
  EXPECT_EQ(changes.dead[0].attempts, 3);
  EXPECT_EQ(changes.tries.at(1), 0) << "what was stored of its tries is to be forgotten";
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2)) << "a poison event stops nothing else";
}

TEST_F(DeliveriesTest, ATryThatNobodySawDoesNotCount) {
  Deliveries deliveries = Make({.name = "s", .max_attempts = 1});
  AppendMany(1);
  EXPECT_TRUE(deliveries.TakeBack(HandOut(deliveries, 1)[0].id));
  EXPECT_EQ(HandOut(deliveries, 1)[0].attempt, 1);
}

TEST_F(DeliveriesTest, WhatIsPostponedComesAfterItsDeadlineAndDoesNotCount) {
  Deliveries deliveries = Make({.name = "s", .max_attempts = 1});
  AppendMany(1);
  for (int time = 0; time < 20; ++time) {
    const auto out = HandOut(deliveries, 1);
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].attempt, 1);
    EXPECT_TRUE(deliveries.Postpone(out[0].id, /*doubted=*/false));
    EXPECT_THAT(Pull(deliveries, 9), IsEmpty());
    now_ += kDeadline;
    deliveries.Expire(now_);
    EXPECT_FALSE(deliveries.Postpone(out[0].id, /*doubted=*/false)) << "the lease is over";
  }
  EXPECT_EQ(deliveries.counters().dead, 0u);
  EXPECT_TRUE(deliveries.GiveBack(HandOut(deliveries, 1)[0].id));
  EXPECT_EQ(deliveries.counters().dead, 1u) << "a try of a consumer counts";
}

// In any order, and by whatever gateway: doubts are stored with the tries.
TEST_F(DeliveriesTest, DoubtsAreCountedApart) {
  AppendMany(1);
  Deliveries::Saved saved;
  std::vector<Deliveries::Lease> leases;
  for (int32_t doubts = 1; doubts <= Deliveries::kMostDoubts; ++doubts) {
    Deliveries deliveries = Make({.name = "s", .max_attempts = 2}, saved);
    const auto failed = HandOut(deliveries, 1);
    ASSERT_EQ(failed.size(), 1u) << doubts;
    EXPECT_EQ(failed[0].attempt, 1);
    EXPECT_TRUE(deliveries.Postpone(failed[0].id, /*doubted=*/false));
    now_ += kDeadline;
    deliveries.Expire(now_);
    const auto out = HandOut(deliveries, 1);
    EXPECT_TRUE(deliveries.Postpone(out[0].id, /*doubted=*/true));
    leases = deliveries.LeasesUntil(now_ + kDeadline);
    if (doubts == Deliveries::kMostDoubts) {
      EXPECT_TRUE(leases.empty());
      EXPECT_TRUE(deliveries.done().Contains(1)) << "and is no dead letter";
      EXPECT_EQ(deliveries.counters().dead, 0u);
      continue;
    }
    // Another gateway has the lease's end.
    Deliveries other = Make({.name = "s", .max_attempts = 2}, saved);
    ASSERT_EQ(leases.size(), 1u);
    EXPECT_TRUE(other.Restore(leases, [this](const std::vector<int64_t>&) { return log_; }).ok());
    other.Expire(now_ + kDeadline);
    saved.tries = other.TakeChanges().tries;
  }
}

TEST_F(DeliveriesTest, TriesOutliveTheProcess) {
  Deliveries::Saved saved;
  saved.done.Add(1, 1);
  saved.tries[2] = 4;
  AppendMany(3);
  Deliveries deliveries = Make({.name = "s"}, std::move(saved));
  const auto out = HandOut(deliveries, 9);
  EXPECT_THAT(Numbers(out), ElementsAre(2, 3));
  EXPECT_EQ(out[0].attempt, 5);
  EXPECT_EQ(out[1].attempt, 1);
}

TEST_F(DeliveriesTest, AnAcknowledgementOfTheLastProcessCounts) {
  AppendMany(2);
  Deliveries deliveries = Make({.name = "s"});
  EXPECT_TRUE(deliveries.Acknowledge({0, 1, 7}));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2));
  EXPECT_THAT(deliveries.TakeChanges().late, ElementsAre(1));
}

TEST_F(DeliveriesTest, SeekBeginsAnew) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(4);
  const auto before = HandOut(deliveries, 9);
  EXPECT_TRUE(deliveries.Acknowledge(before[0].id));
  deliveries.Seek(2);
  EXPECT_FALSE(deliveries.Acknowledge(before[1].id)) << "handed out before";
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2, 3, 4));
  deliveries.Seek(5);
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty());
  EXPECT_EQ(deliveries.done().Missing(end()), 0);
}

TEST_F(DeliveriesTest, AnOrderedLaneHasOneEventOut) {
  Deliveries deliveries = Make({.name = "s", .ordered = true});
  Append("a", "order 1");
  Append("b", "order 1");
  Append("a", "order 2");
  Append("a");
  const auto out = HandOut(deliveries, 9);
  EXPECT_THAT(Numbers(out), ElementsAre(1, 3, 4));
  EXPECT_TRUE(deliveries.GiveBack(out[0].id));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(1)) << "the first again, not the second";
  EXPECT_TRUE(deliveries.Acknowledge(out[0].id));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2));
}

TEST_F(DeliveriesTest, ADeadLetterLetsItsLaneGoOn) {
  Deliveries deliveries = Make({.name = "s", .max_attempts = 1, .ordered = true});
  Append("a", "order 1");
  Append("b", "order 1");
  EXPECT_TRUE(deliveries.GiveBack(HandOut(deliveries, 9)[0].id));
  const auto second = HandOut(deliveries, 9);
  EXPECT_THAT(Numbers(second), ElementsAre(2));
  deliveries.Redeliver(log_[0]);
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty()) << "one of the lane is out";
  EXPECT_TRUE(deliveries.Acknowledge(second[0].id));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(1));
}

TEST_F(DeliveriesTest, WhatIsTooOldIsDroppedAndCounted) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(4);
  const auto out = HandOut(deliveries, 2);
  EXPECT_TRUE(deliveries.Acknowledge(out[0].id));
  deliveries.Drop(3);
  EXPECT_EQ(deliveries.counters().lost, 2u);
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(4));
  EXPECT_TRUE(deliveries.Acknowledge(out[1].id)) << "late, and harmless";
}

TEST_F(DeliveriesTest, AConsumerThatNeverAcknowledgesCostsABoundedAmount) {
  Deliveries deliveries = Make({.name = "s"});
  AppendMany(static_cast<int>(Deliveries::kMostOpen) + 500);
  size_t handed_out = 0;
  for (int i = 0; i < 100; ++i) handed_out += Pull(deliveries, 1000).size();
  EXPECT_EQ(handed_out, Deliveries::kMostOpen);
  EXPECT_EQ(deliveries.open(), Deliveries::kMostOpen);
  EXPECT_FALSE(deliveries.MayHaveMore(end()));
}

TEST_F(DeliveriesTest, AFilterThatLetsLittlePassHoldsUpNobody) {
  Subscription subscription{.name = "s"};
  subscription.filter.types = {"b"};
  Deliveries deliveries = Make(subscription);
  AppendMany(static_cast<int>(Deliveries::kMostScanned) + 10);
  Append("b");
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty());
  EXPECT_TRUE(deliveries.MayHaveMore(end()));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(end()));
}

// Consumers act at random. At the end each event is acknowledged or a dead letter, none was handed
// out after its acknowledgement, and the stored changes say that all events are done.
TEST_F(DeliveriesTest, NothingIsLostWhateverConsumersDo) {
  std::mt19937 random(7);
  Deliveries deliveries = Make({.name = "s", .max_attempts = 5, .ordered = true});
  std::map<int64_t, AckId> out;
  std::set<int64_t> acknowledged;
  std::set<int64_t> dead;
  std::map<int64_t, int64_t> stored;
  const auto store = [&] {
    const Deliveries::Changes changes = deliveries.TakeChanges();
    for (const auto& letter : changes.dead) EXPECT_TRUE(dead.insert(letter.number).second);
    for (const IntervalSet::Change& change : changes.done) {
      if (change.last) stored[change.first] = *change.last;
      if (!change.last) stored.erase(change.first);
    }
  };
  for (int step = 0; step < 20'000; ++step) {
    if (step < 15'000 && random() % 4 == 0) Append("a", absl::StrCat("order ", random() % 40));
    if (random() % 3 == 0) {
      for (const auto& one : HandOut(deliveries, random() % 4)) {
        ASSERT_EQ(acknowledged.count(one.id.number), 0u) << "came after its acknowledgement";
        out[one.id.number] = one.id;
      }
    }
    if (!out.empty() && random() % 2 == 0) {
      auto one = out.begin();
      std::advance(one, random() % out.size());
      const bool done = random() % 4 != 0 || step > 15'000;
      if (done && deliveries.Acknowledge(one->second)) acknowledged.insert(one->first);
      if (!done) deliveries.GiveBack(one->second);
      out.erase(one);
    }
    if (random() % 50 == 0) {
      now_ += absl::Seconds(20);
      deliveries.Expire(now_);
    }
    if (random() % 10 == 0) store();
  }
  for (int round = 0; round < 1000 && deliveries.done().FirstMissing() <= end(); ++round) {
    now_ += kDeadline;
    deliveries.Expire(now_);
    for (const auto& one : HandOut(deliveries, 100)) {
      EXPECT_TRUE(deliveries.Acknowledge(one.id));
      acknowledged.insert(one.id.number);
    }
  }
  store();
  EXPECT_GT(dead.size(), 0u);
  for (int64_t number = 1; number <= end(); ++number) {
    EXPECT_TRUE(acknowledged.count(number) + dead.count(number) > 0) << number;
  }
  EXPECT_THAT(stored, ElementsAre(testing::Pair(1, end())));
  EXPECT_EQ(deliveries.open(), 0u);
}

}  // namespace
}  // namespace gateway::events
