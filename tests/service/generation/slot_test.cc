#include "service/generation/slot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gateway {
namespace {

// Two numbers that are always equal. The destructor checks on which thread it runs.
struct Pair {
  Pair(int number, std::atomic<int>& ended, std::thread::id only_on)
      : first(number), second(number), ended(ended), only_on(only_on) {}
  ~Pair() {
    EXPECT_EQ(std::this_thread::get_id(), only_on);
    ++ended;
  }

  int first;
  int second;
  std::atomic<int>& ended;
  const std::thread::id only_on;
};

TEST(SlotTest, IsEmptyAtFirst) { EXPECT_EQ(Slot<int>().Get(), nullptr); }

TEST(SlotTest, LeavesTheValueToThoseWhoHaveIt) {
  Slot<int> slot(std::make_shared<const int>(1));
  const std::shared_ptr<const int> before = slot.Get();
  slot.Set(std::make_shared<const int>(2));
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*slot.Get(), 2);
}

TEST(SlotTest, ReapsWhatNobodyHas) {
  std::atomic<int> ended = 0;
  const auto make = [&](int i) {
    return std::make_shared<const Pair>(i, ended, std::this_thread::get_id());
  };
  Slot<Pair> slot(make(0));
  std::shared_ptr<const Pair> used = slot.Get();
  slot.Set(make(1));
  slot.Set(make(2));
  slot.Reap();
  EXPECT_EQ(ended, 1);
  used = nullptr;
  EXPECT_EQ(ended, 1);  // the user's thread does not destroy it
  slot.Reap();
  EXPECT_EQ(ended, 2);
}

TEST(SlotTest, GivesWholeValuesToManyThreadsAndEndsThemOnTheOneThatReaps) {
  constexpr int kReaders = 4;
  constexpr int kExchanges = 2000;
  std::atomic<int> ended = 0;
  {
    const auto make = [&](int i) {
      return std::make_shared<const Pair>(i, ended, std::this_thread::get_id());
    };
    Slot<Pair> slot(make(0));
    std::vector<std::thread> readers;
    for (int i = 0; i < kReaders; ++i) {
      readers.emplace_back([&slot] {
        int last = 0;
        while (last < kExchanges) {
          const std::shared_ptr<const Pair> pair = slot.Get();
          ASSERT_EQ(pair->first, pair->second);
          ASSERT_GE(pair->first, last);
          last = pair->first;
        }
      });
    }
    for (int i = 1; i <= kExchanges; ++i) {
      slot.Set(make(i));
      slot.Reap();
    }
    for (std::thread& reader : readers) reader.join();
  }
  EXPECT_EQ(ended, kExchanges + 1);
}

}  // namespace
}  // namespace gateway
