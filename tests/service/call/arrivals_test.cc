#include "service/call/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <vector>

namespace gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class FakeCall final : public Arrivals::Member {
 public:
  FakeCall(int number, std::vector<int>& given_up) : number_(number), given_up_(given_up) {}
  void GiveUp() override { given_up_.push_back(number_); }

 private:
  const int number_;
  std::vector<int>& given_up_;
};

class ArrivalsTest : public testing::Test {
 protected:
  FakeCall& Next() { return calls_.emplace_back(static_cast<int>(calls_.size()), given_up_); }

  const Arrivals::Clock::time_point start_ = Arrivals::Clock::now();
  std::vector<int> given_up_;
  std::deque<FakeCall> calls_;
};

TEST_F(ArrivalsTest, LeavesOnce) {
  Arrivals arrivals({});
  FakeCall& call = Next();
  EXPECT_FALSE(arrivals.Leave(call));
  ASSERT_TRUE(arrivals.Enter(call, 1, start_));
  EXPECT_EQ(arrivals.size(), 1u);
  EXPECT_TRUE(arrivals.Leave(call));
  EXPECT_FALSE(arrivals.Leave(call));
  arrivals.Sweep(0, start_ + seconds(60));
  EXPECT_THAT(given_up_, IsEmpty());
}

TEST_F(ArrivalsTest, GivesUpWhatIsNotThereInTime) {
  Arrivals arrivals({.time = seconds(10)});
  ASSERT_TRUE(arrivals.Enter(Next(), 1, start_));
  ASSERT_TRUE(arrivals.Enter(Next(), 1, start_ + seconds(1)));
  arrivals.Sweep(0, start_ + milliseconds(9'999));
  EXPECT_THAT(given_up_, IsEmpty());
  arrivals.Sweep(0, start_ + seconds(10));
  EXPECT_THAT(given_up_, ElementsAre(0));
  EXPECT_FALSE(arrivals.Leave(calls_[0]));
  EXPECT_TRUE(arrivals.Leave(calls_[1]));
}

TEST_F(ArrivalsTest, RefusesMoreThanTheMostAndHalfOfThemForOneCaller) {
  Arrivals arrivals({.most = 4});
  EXPECT_TRUE(arrivals.Enter(Next(), 1, start_));
  EXPECT_TRUE(arrivals.Enter(Next(), 1, start_));
  EXPECT_FALSE(arrivals.Enter(Next(), 1, start_));
  EXPECT_TRUE(arrivals.Enter(Next(), 2, start_));
  EXPECT_TRUE(arrivals.Enter(Next(), 3, start_));
  EXPECT_FALSE(arrivals.Enter(Next(), 4, start_));
  EXPECT_TRUE(arrivals.Leave(calls_[0]));
  EXPECT_TRUE(arrivals.Enter(Next(), 4, start_));
}

TEST_F(ArrivalsTest, BoundsSlowMessagesAndBeginsWithTheCallerOfTheMost) {
  Arrivals arrivals({.most_slow = 4});
  for (const size_t caller : {2, 1, 1, 1, 3}) ASSERT_TRUE(arrivals.Enter(Next(), caller, start_));
  arrivals.Sweep(0, start_ + Arrivals::kSlow - milliseconds(1));
  EXPECT_THAT(given_up_, IsEmpty());
  arrivals.Sweep(0, start_ + Arrivals::kSlow);
  EXPECT_THAT(given_up_, ElementsAre(1));
}

TEST_F(ArrivalsTest, LetsOneCallerHaveHalfOfTheSlowMessages) {
  Arrivals arrivals({.most_slow = 4});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(arrivals.Enter(Next(), 1, start_));
  arrivals.Sweep(0, start_ + Arrivals::kSlow);
  EXPECT_THAT(given_up_, ElementsAre(0, 1));
}

TEST_F(ArrivalsTest, CountsNoMessageAsSlowThatHasJustBegun) {
  Arrivals arrivals({.most_slow = 2});
  for (size_t i = 0; i < 100; ++i) ASSERT_TRUE(arrivals.Enter(Next(), i, start_));
  arrivals.Sweep(0, start_ + milliseconds(10));
  EXPECT_THAT(given_up_, IsEmpty());
}

// Messages may also be late because the gateway itself is.
TEST_F(ArrivalsTest, CountsNoMessageAsSlowWhileHardlyAByteHasCome) {
  Arrivals arrivals({.most_slow = 4, .slow_bytes = 1000});
  arrivals.Sweep(50'000, start_);
  for (size_t i = 0; i < 4; ++i) ASSERT_TRUE(arrivals.Enter(Next(), 1, start_));
  arrivals.Sweep(50'999, start_ + seconds(2));
  EXPECT_THAT(given_up_, IsEmpty());
  ASSERT_TRUE(arrivals.Enter(Next(), 1, start_ + seconds(2)));
  arrivals.Sweep(51'000, start_ + seconds(3));
  EXPECT_THAT(given_up_, ElementsAre(0, 1));
  arrivals.Sweep(51'999, start_ + seconds(3));
  EXPECT_THAT(given_up_, ElementsAre(0, 1, 2));
}

TEST_F(ArrivalsTest, GivesUpAll) {
  Arrivals arrivals({});
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(arrivals.Enter(Next(), i, start_));
  arrivals.GiveUpAll();
  EXPECT_THAT(given_up_, ElementsAre(0, 1, 2));
  EXPECT_EQ(arrivals.size(), 0u);
}

// Each arrival either leaves or is given up, never both.
TEST_F(ArrivalsTest, IsFairToManyThreads) {
  constexpr int kRounds = 2'000;
  Arrivals arrivals({});
  std::atomic<bool> over{false};
  std::thread sweeper([&] {
    while (!over) arrivals.GiveUpAll();
  });
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&arrivals, t] {
      struct Counting final : Arrivals::Member {
        std::atomic<int> given_up{0};
        void GiveUp() override { ++given_up; }
      };
      for (int i = 0; i < kRounds; ++i) {
        Counting call;
        if (!arrivals.Enter(call, t)) continue;
        const bool left = arrivals.Leave(call);
        while (!left && call.given_up == 0) std::this_thread::yield();
        EXPECT_EQ(call.given_up, left ? 0 : 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  over = true;
  sweeper.join();
  EXPECT_EQ(arrivals.size(), 0u);
}

}  // namespace
}  // namespace gateway
