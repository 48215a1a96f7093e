#include "service/events/interval_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gateway::events {
namespace {

TEST(IntervalSetTest, JoinsWhatTouches) {
  IntervalSet set;
  set.Add(1, 3);
  set.Add(5, 5);
  EXPECT_EQ(set.intervals(), 2u);
  EXPECT_EQ(set.FirstMissing(), 4);
  set.Add(4, 4);
  EXPECT_EQ(set.intervals(), 1u);
  EXPECT_EQ(set.FirstMissing(), 6);
  EXPECT_EQ(set.Missing(10), 5);
}

TEST(IntervalSetTest, TheFirstMissingOfAnEmptySetIsOne) {
  IntervalSet set;
  EXPECT_EQ(set.FirstMissing(), 1);
  set.Add(2, 9);
  EXPECT_EQ(set.FirstMissing(), 1);
  set.Add(5, 4);
  EXPECT_EQ(set.intervals(), 1u);
}

TEST(IntervalSetTest, RemoveSplits) {
  IntervalSet set;
  set.Add(1, 10);
  set.Remove(4, 6);
  EXPECT_TRUE(set.Contains(3));
  EXPECT_FALSE(set.Contains(4));
  EXPECT_FALSE(set.Contains(6));
  EXPECT_TRUE(set.Contains(7));
  EXPECT_EQ(set.Missing(10), 3);
}

// A copy to which the changes are applied, as the store applies them, always equals the set.
TEST(IntervalSetTest, BehavesLikeASetOfNumbersAndTellsItsChanges) {
  std::mt19937 random(20261127);
  IntervalSet set;
  std::set<int64_t> model;
  std::map<int64_t, int64_t> stored;
  for (int step = 0; step < 3000; ++step) {
    const int64_t first = std::uniform_int_distribution<int64_t>(1, 120)(random);
    const int64_t last = first + std::uniform_int_distribution<int64_t>(-1, 9)(random);
    const bool add = random() % 3 != 0;
    if (add) set.Add(first, last);
    if (!add) set.Remove(first, last);
    for (int64_t number = first; number <= last; ++number) {
      if (add) model.insert(number);
      if (!add) model.erase(number);
    }
    for (const IntervalSet::Change& change : set.TakeChanges()) {
      if (change.last) stored[change.first] = *change.last;
      if (!change.last) stored.erase(change.first);
    }
    std::set<int64_t> of_stored;
    for (const auto& [begin, end] : stored) {
      for (int64_t number = begin; number <= end; ++number) {
        ASSERT_TRUE(of_stored.insert(number).second) << "step " << step;
      }
    }
    ASSERT_EQ(of_stored, model) << "step " << step;
    ASSERT_EQ(stored.size(), set.intervals()) << "step " << step;
    ASSERT_EQ(set.Missing(130), 130 - static_cast<int64_t>(model.size())) << "step " << step;
    ASSERT_FALSE(set.changed());
    int64_t missing = 1;
    while (model.count(missing) > 0) ++missing;
    ASSERT_EQ(set.FirstMissing(), missing) << "step " << step;
    ASSERT_EQ(set.Contains(first), model.count(first) > 0) << "step " << step;
  }
}

TEST(IntervalSetTest, NamesWhatIsMissing) {
  IntervalSet set;
  set.Add(1, 3);
  set.Add(6, 7);
  EXPECT_EQ(set.NextMissing(1), 4);
  EXPECT_EQ(set.NextMissing(5), 5);
  EXPECT_EQ(set.NextMissing(6), 8);
  EXPECT_EQ(set.NextMissing(9), 9);
  EXPECT_EQ(set.MissingNumbers(9), (std::vector<int64_t>{4, 5, 8, 9}));
  EXPECT_EQ(set.MissingNumbers(5), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(set.MissingNumbers(3), std::vector<int64_t>());
  EXPECT_EQ(IntervalSet().MissingNumbers(2), (std::vector<int64_t>{1, 2}));
}

}  // namespace
}  // namespace gateway::events
