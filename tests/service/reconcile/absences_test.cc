#include "service/reconcile/absences.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr absl::Duration kSettle = absl::Seconds(10);

class AbsencesTest : public testing::Test {
 protected:
  // A look that begins `seconds` after the first one and does not show the write.
  Absences::Belief Absent(int seconds) {
    const SteadyTime begun = first_ + absl::Seconds(seconds);
    absences_.Look(entry_, begun);
    return absences_.Believe(entry_, begun, kSettle);
  }

  const SteadyTime first_ = SteadyTime::Now();
  Absences absences_;
  ledger::Entry entry_ = FirstAttempt();

 private:
  static ledger::Entry FirstAttempt() {
    ledger::Entry entry;
    entry.id = ledger::EntryId::Make(absl::Now()).value();
    entry.attempt = 1;
    return entry;
  }
};

TEST_F(AbsencesTest, TwoLooksThatBeganLateAndFarApartAreBelieved) {
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(10), Absences::kNotShown);
  EXPECT_EQ(Absent(20), Absences::kDidNotHappen);
}

// The time of a look is when it began, however late its answer arrived.
TEST_F(AbsencesTest, WhatCountsIsWhenALookBegan) {
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(9), Absences::kTooEarly);
  EXPECT_EQ(Absent(11), Absences::kNotShown);
  EXPECT_EQ(Absent(20), Absences::kNotShown);
  EXPECT_EQ(Absent(21), Absences::kDidNotHappen);
}

TEST_F(AbsencesTest, OneLookIsNeverEnough) {
  absences_.Look(entry_, first_);
  EXPECT_EQ(absences_.Believe(entry_, first_, absl::ZeroDuration()), Absences::kNotShown);
  EXPECT_EQ(absences_.Believe(entry_, first_, absl::ZeroDuration()), Absences::kDidNotHappen);
}

TEST_F(AbsencesTest, ALookThatShowsSomethingElseBeginsAnew) {
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(10), Absences::kNotShown);
  absences_.Doubt(entry_);
  EXPECT_EQ(Absent(20), Absences::kNotShown);
  EXPECT_EQ(Absent(30), Absences::kDidNotHappen);
}

TEST_F(AbsencesTest, AnotherAttemptBeginsAnew) {
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(10), Absences::kNotShown);
  ++entry_.attempt;
  EXPECT_EQ(Absent(20), Absences::kTooEarly);
  EXPECT_EQ(Absent(30), Absences::kNotShown);
  EXPECT_EQ(Absent(40), Absences::kDidNotHappen);
}

TEST_F(AbsencesTest, WhatNobodyLooksAtAnyMoreMakesRoom) {
  for (size_t i = 0; i < Absences::kMostSeen; ++i) {
    ++entry_.attempt;
    absences_.Look(entry_, first_);
  }
  ++entry_.attempt;
  constexpr int kLater = 2 * 3600 + 1;
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(10), Absences::kTooEarly);  // there is no room
  EXPECT_EQ(Absent(kLater), Absences::kTooEarly);
  EXPECT_EQ(Absent(kLater + 10), Absences::kNotShown);
  EXPECT_EQ(Absent(kLater + 20), Absences::kDidNotHappen);
}

// What is still looked at is not forgotten for others.
TEST_F(AbsencesTest, WhatIsLookedAtIsKept) {
  EXPECT_EQ(Absent(0), Absences::kTooEarly);
  EXPECT_EQ(Absent(3600), Absences::kNotShown);
  ledger::Entry other = entry_;
  for (size_t i = 1; i < Absences::kMostSeen; ++i) {
    ++other.attempt;
    absences_.Look(other, first_);
  }
  ++other.attempt;
  absences_.Look(other, first_ + absl::Hours(2) + absl::Seconds(1));
  EXPECT_EQ(Absent(3 * 3600), Absences::kDidNotHappen);
}

TEST_F(AbsencesTest, NothingIsBelievedOfWhatWasNotLookedAt) {
  EXPECT_EQ(absences_.Believe(entry_, first_ + absl::Hours(1), kSettle), Absences::kTooEarly);
}

}  // namespace
}  // namespace gateway
