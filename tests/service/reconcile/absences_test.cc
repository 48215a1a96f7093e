#include "service/reconcile/absences.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr absl::Duration kSettle = absl::Seconds(10);

class AbsencesTest : public testing::Test {
 protected:
  // A look that begins `seconds` after the first one and does not show the write. Returns whether
  // the write is now believed absent.
  bool Absent(int seconds) {
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
  EXPECT_FALSE(Absent(0));
  EXPECT_FALSE(Absent(10));
  EXPECT_TRUE(Absent(20));
}

// The time of a look is when it began, however late its answer arrived.
TEST_F(AbsencesTest, WhatCountsIsWhenALookBegan) {
  EXPECT_FALSE(Absent(0));
  EXPECT_FALSE(Absent(9));
  EXPECT_FALSE(Absent(11));
  EXPECT_FALSE(Absent(20));
  EXPECT_TRUE(Absent(21));
}

TEST_F(AbsencesTest, ALookThatShowsSomethingElseBeginsAnew) {
  EXPECT_FALSE(Absent(0));
  EXPECT_FALSE(Absent(10));
  absences_.Doubt(entry_);
  EXPECT_FALSE(Absent(20));
  EXPECT_TRUE(Absent(30));
}

TEST_F(AbsencesTest, AnotherAttemptBeginsAnew) {
  EXPECT_FALSE(Absent(0));
  EXPECT_FALSE(Absent(10));
  ++entry_.attempt;
  EXPECT_FALSE(Absent(20));
  EXPECT_FALSE(Absent(30));
  EXPECT_TRUE(Absent(40));
}

TEST_F(AbsencesTest, NothingIsBelievedOfWhatWasNotLookedAt) {
  EXPECT_FALSE(absences_.Believe(entry_, first_ + absl::Hours(1), kSettle));
}

}  // namespace
}  // namespace gateway
