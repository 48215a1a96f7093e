// The ring of slices: which slice an event goes into, and which slices are removed as a whole.
#include "service/events/postgresql/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kKeep = absl::Hours(28);  // an hour for each slice

class SlicesTest : public testing::Test {
 protected:
  int Add() { return slices_.Add(++number_, now_, kKeep); }

  Slices slices_;
  int64_t number_ = 0;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(SlicesTest, EventsGoIntoOneSliceUntilItsTimeIsOver) {
  EXPECT_EQ(slices_.oldest(), 0);
  EXPECT_EQ(Add(), 0);
  now_ += absl::Minutes(59);
  EXPECT_EQ(Add(), 0);
  now_ += absl::Minutes(1);
  EXPECT_EQ(Add(), 1);
  EXPECT_EQ(Add(), 1);
  EXPECT_EQ(slices_.oldest(), 1);
  EXPECT_EQ(slices_.Of(2), 0);
  EXPECT_EQ(slices_.Of(3), 1);
  EXPECT_EQ(slices_.Of(4), 1);
  EXPECT_EQ(slices_.Of(5), std::nullopt);
  EXPECT_THAT(slices_.TakeChanges(), ElementsAre(0, 1));
  EXPECT_THAT(slices_.TakeChanges(), IsEmpty());
}

TEST_F(SlicesTest, OnlyWholeSlicesAreTooOld) {
  Add();
  now_ += absl::Hours(1);
  const absl::Time second = now_;
  Add();
  now_ += absl::Hours(1);
  Add();
  EXPECT_THAT(slices_.Before(second, now_), ElementsAre(0));
  EXPECT_THAT(slices_.Before(absl::InfiniteFuture(), absl::InfiniteFuture()), ElementsAre(0, 1, 2));
  EXPECT_EQ(slices_.Clear(0), 1);
  EXPECT_EQ(slices_.oldest(), 2);
  EXPECT_EQ(slices_.Of(1), std::nullopt);
}

TEST_F(SlicesTest, NothingIsRemovedFromTheMiddle) {
  now_ += absl::Hours(10);
  Add();
  slices_.Put(1, {2, 2, now_ - absl::Hours(10), now_ - absl::Hours(10)});  // the clock was set back
  EXPECT_THAT(slices_.Before(now_ - absl::Hours(1), now_), IsEmpty());
}

TEST_F(SlicesTest, WhatWasReceivedInTheFutureGoesWithWhatIsBehindIt) {
  Add();
  now_ += absl::Hours(24 * 365);
  EXPECT_EQ(Add(), 1);
  now_ -= absl::Hours(24 * 365);
  EXPECT_EQ(Add(), 2) << "it is not in the slice of the future";
  EXPECT_THAT(slices_.Before(now_ - kKeep, now_), IsEmpty());
  now_ += kKeep - absl::Seconds(1);
  Add();
  EXPECT_THAT(slices_.Before(now_ - kKeep, now_), IsEmpty());
  now_ += absl::Seconds(2);
  EXPECT_THAT(slices_.Before(now_ - kKeep, now_), ElementsAre(0, 1, 2));
  for (const int slice : {0, 2}) slices_.Clear(slice);
  EXPECT_THAT(slices_.Before(now_ - kKeep, now_), IsEmpty()) << "the next one is young";
}

TEST_F(SlicesTest, TheRingGoesRound) {
  for (int i = 0; i < 10 * Slices::kCount; ++i) {
    EXPECT_EQ(Add(), i % Slices::kCount);
    for (const int slice : slices_.Before(now_ - kKeep, now_)) slices_.Clear(slice);
    now_ += absl::Hours(1);
  }
  EXPECT_EQ(slices_.oldest(), number_ - Slices::kSpanOf);
}

TEST_F(SlicesTest, WhereNothingIsRemovedTheLastSliceGoesOn) {
  for (int i = 0; i < Slices::kCount; ++i) {
    Add();
    now_ += absl::Hours(1);
  }
  EXPECT_EQ(Add(), Slices::kCount - 1);
  EXPECT_EQ(slices_.Of(1), 0);
}

TEST_F(SlicesTest, WhatCannotBeIsRefused) {
  EXPECT_FALSE(slices_.Put(-1, {1, 1, now_, now_}));
  EXPECT_FALSE(slices_.Put(Slices::kCount, {1, 1, now_, now_}));
  EXPECT_FALSE(slices_.Put(0, {0, 1, now_, now_}));
  EXPECT_FALSE(slices_.Put(0, {2, 1, now_, now_}));
}

}  // namespace
}  // namespace gateway::events
