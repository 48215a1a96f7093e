// The rules by which Deliveries hands out events in gateways that share one store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "service/events/deliveries.h"
#include "tests/service/events/deliveries_fixture.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A store in memory. Load() makes the Deliveries of a gateway that knows only what is stored.
class SharedTest : public DeliveriesTest {
 protected:
  // Stores the changes of `deliveries`.
  void Store(Deliveries& deliveries) {
    const Deliveries::Changes changes = deliveries.TakeChanges();
    for (const IntervalSet::Change& change : changes.done) {
      if (change.last) done_[change.first] = *change.last;
      if (!change.last) done_.erase(change.first);
    }
    for (const auto& [number, attempts] : changes.tries) {
      if (attempts > 0) tries_[number] = attempts;
      if (attempts == 0) tries_.erase(number);
    }
    for (const SteadyTime deadline : changes.deadlines) {
      const auto leases = deliveries.LeasesUntil(deadline);
      if (leases.empty()) leases_.erase(deadline);
      if (!leases.empty()) leases_[deadline] = leases;
    }
    next_lease_ = deliveries.next_lease();
  }

  Deliveries Load(Subscription subscription) {
    subscription.ack_deadline = kDeadline;
    Deliveries::Saved saved;
    for (const auto& [first, last] : done_) saved.done.Add(first, last);
    (void)saved.done.TakeChanges();
    saved.tries = tries_;
    std::vector<Deliveries::Lease> leases;
    for (const auto& [deadline, of] : leases_) leases.insert(leases.end(), of.begin(), of.end());
    Deliveries deliveries(subscription, std::move(saved), next_lease_);
    EXPECT_TRUE(deliveries
                    .Restore(leases,
                             [&](const std::vector<int64_t>& numbers) {
                               std::vector<Head> heads;
                               for (const int64_t number : numbers) {
                                 heads.push_back(log_[static_cast<size_t>(number - 1)]);
                               }
                               return absl::StatusOr<std::vector<Head>>(heads);
                             })
                    .ok());
    return deliveries;
  }

  std::map<int64_t, int64_t> done_;
  Deliveries::Tries tries_;
  std::map<SteadyTime, std::vector<Deliveries::Lease>> leases_;
  uint64_t next_lease_ = 1;
};

TEST_F(SharedTest, WhatIsOutStaysOutUntilItsDeadline) {
  AppendMany(4);
  Deliveries first = Load({.name = "s"});
  const auto out = HandOut(first, 3);
  EXPECT_TRUE(first.Acknowledge(out[1].id));
  Store(first);
  Deliveries second = Load({.name = "s"});
  EXPECT_EQ(second.out(), 2u);
  EXPECT_THAT(Pull(second, 9), ElementsAre(4));
  EXPECT_TRUE(second.GiveBack(out[0].id));
  EXPECT_TRUE(second.Extend(out[2].id, now_ + 3 * kDeadline));
  Store(second);
  Deliveries third = Load({.name = "s"});
  const auto again = HandOut(third, 9);
  EXPECT_THAT(Numbers(again), ElementsAre(1));
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_NE(again[0].id.lease, out[0].id.lease);
  now_ += kDeadline;
  third.Expire(now_);
  EXPECT_THAT(Pull(third, 9), ElementsAre(1, 4)) << "3 was extended";
}

TEST_F(SharedTest, AHandOutIsWrittenOnceAndRemovedOnce) {
  AppendMany(3);
  Deliveries deliveries = Load({.name = "s"});
  const auto out = HandOut(deliveries, 3);
  EXPECT_EQ(deliveries.TakeChanges().deadlines.size(), 1u);
  EXPECT_TRUE(deliveries.Acknowledge(out[0].id));
  EXPECT_TRUE(deliveries.Acknowledge(out[2].id));
  EXPECT_THAT(deliveries.TakeChanges().deadlines, IsEmpty()) << "what is done says so by itself";
  EXPECT_TRUE(deliveries.Acknowledge(out[1].id));
  EXPECT_EQ(deliveries.TakeChanges().deadlines.size(), 1u);
  EXPECT_THAT(deliveries.LeasesUntil(now_ + kDeadline), IsEmpty());
}

TEST_F(SharedTest, ALaneHasOneEventOutWhoeverLooks) {
  for (int i = 0; i < 3; ++i) Append("a", "order 1");
  Subscription subscription{.name = "s", .max_attempts = 1, .ordered = true};
  Deliveries first = Load(subscription);
  EXPECT_TRUE(first.GiveBack(HandOut(first, 9)[0].id));  // now a dead letter
  const auto out = HandOut(first, 9);
  EXPECT_THAT(Numbers(out), ElementsAre(2));
  first.Redeliver(log_[0]);
  Store(first);
  Deliveries second = Load(subscription);
  EXPECT_THAT(Pull(second, 9), IsEmpty()) << "1 is older, but 2 is out";
  EXPECT_TRUE(second.Acknowledge(out[0].id));
  EXPECT_THAT(Pull(second, 9), ElementsAre(1));
}

// The configuration orders a subscription while two events of a resource are out.
class OrderedSinceTest : public SharedTest {
 protected:
  // The first three of four events of a resource are out, with one deadline.
  OrderedSinceTest() {
    for (int i = 0; i < 4; ++i) Append("a", "order 1");
    Deliveries before = Load({.name = "s"});
    out_ = HandOut(before, 3);
    Store(before);
  }

  const Subscription ordered_{.name = "s", .ordered = true};
  std::vector<Deliveries::HandedOut> out_;
};

TEST_F(OrderedSinceTest, NothingIsLeftOfWhatWasAcknowledged) {
  Deliveries deliveries = Load(ordered_);
  EXPECT_EQ(deliveries.out(), 3u);
  for (const auto& one : out_) EXPECT_TRUE(deliveries.Acknowledge(one.id));
  EXPECT_EQ(deliveries.out(), 0u);
  EXPECT_EQ(deliveries.next_expiry(), SteadyTime::InfiniteFuture());
  now_ += kDeadline;
  deliveries.Expire(now_);
  EXPECT_EQ(deliveries.counters().expired, 0u);
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(4));
}

TEST_F(OrderedSinceTest, NothingIsHandedOutWhileOneOfTheLaneIsOut) {
  Deliveries deliveries = Load(ordered_);
  EXPECT_TRUE(deliveries.Acknowledge(out_[0].id));
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty()) << "2 and 3 are out";
  EXPECT_TRUE(deliveries.GiveBack(out_[2].id));
  EXPECT_THAT(Pull(deliveries, 9), IsEmpty()) << "2 is out";
  EXPECT_TRUE(deliveries.TakeBack(out_[1].id));
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2)) << "the oldest";
  now_ += kDeadline;
  deliveries.Expire(now_);
  EXPECT_EQ(deliveries.counters().expired, 1u) << "of the last hand-out";
  EXPECT_THAT(Pull(deliveries, 9), ElementsAre(2));
}

TEST_F(OrderedSinceTest, OneIsOutWhenTheLeasesOfBeforeHaveEnded) {
  Deliveries deliveries = Load(ordered_);
  now_ += kDeadline;
  deliveries.Expire(now_);
  EXPECT_EQ(deliveries.counters().expired, 3u);
  EXPECT_EQ(deliveries.out(), 0u);
  for (const int64_t number : {1, 2, 3, 4}) {
    const auto out = HandOut(deliveries, 9);
    ASSERT_THAT(Numbers(out), ElementsAre(number));
    Store(deliveries);
    Deliveries other = Load(ordered_);
    EXPECT_THAT(Pull(other, 9), IsEmpty());
    EXPECT_TRUE(deliveries.Acknowledge(out[0].id));
  }
  Store(deliveries);
  EXPECT_THAT(leases_, IsEmpty());
}

// Two gateways act at random, one after the other: no event is out twice at the same time, and at
// the end all events are done.
TEST_F(SharedTest, TwoGatewaysInTurnLoseNothing) {
  std::mt19937 random(11);
  const Subscription subscription{.name = "s", .max_attempts = 1000, .ordered = true};
  std::map<int64_t, AckId> out;
  std::set<int64_t> acknowledged;
  for (int step = 0; step < 3000; ++step) {
    if (step < 2000 && random() % 2 == 0) Append("a", absl::StrCat("order ", random() % 20));
    Deliveries deliveries = Load(subscription);
    for (const auto& one : HandOut(deliveries, random() % 4)) {
      ASSERT_EQ(acknowledged.count(one.id.number), 0u);
      ASSERT_TRUE(out.emplace(one.id.number, one.id).second) << one.id.number << " is out twice";
    }
    while (!out.empty() && random() % 3 != 0) {
      auto one = out.begin();
      std::advance(one, random() % out.size());
      if (random() % 4 == 0) {
        EXPECT_TRUE(deliveries.GiveBack(one->second));
      } else {
        EXPECT_TRUE(deliveries.Acknowledge(one->second));
        acknowledged.insert(one->first);
      }
      out.erase(one);
    }
    Store(deliveries);
  }
  for (int round = 0; round < 2000 && acknowledged.size() < log_.size(); ++round) {
    Deliveries deliveries = Load(subscription);
    now_ += kDeadline;
    deliveries.Expire(now_);
    for (const auto& one : HandOut(deliveries, 100)) {
      EXPECT_TRUE(deliveries.Acknowledge(one.id));
      acknowledged.insert(one.id.number);
    }
    Store(deliveries);
  }
  EXPECT_EQ(acknowledged.size(), log_.size());
  EXPECT_THAT(done_, ElementsAre(testing::Pair(1, end())));
  EXPECT_THAT(leases_, IsEmpty());
  EXPECT_THAT(tries_, IsEmpty());
}

}  // namespace
}  // namespace gateway::events
