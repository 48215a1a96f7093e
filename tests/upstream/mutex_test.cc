#include "upstream/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gateway {
namespace {

// Far longer than anything here takes.
constexpr absl::Duration kLong = absl::Minutes(5);

TEST(MutexTest, LetsOneThreadInAtATime) {
  struct {
    Mutex mutex;
    int count ABSL_GUARDED_BY(mutex) = 0;
  } shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&shared] {
      for (int n = 0; n < 10'000; ++n) {
        const MutexLock lock(shared.mutex);
        ++shared.count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MutexLock lock(shared.mutex);
  EXPECT_EQ(shared.count, 40'000);
}

TEST(MutexTest, MutexUnlockLetsAnotherThreadInForItsBlockAlone) {
  struct {
    Mutex mutex;
    bool released ABSL_GUARDED_BY(mutex) = false;
    bool seen ABSL_GUARDED_BY(mutex) = false;  // what the second thread found in `released`
  } shared;
  const MutexLock lock(shared.mutex);
  {
    const MutexUnlock unlock(shared.mutex);
    std::thread([&shared] { const MutexLock inner(shared.mutex); }).join();
  }
  std::atomic<bool> at_the_door = false;
  std::thread second([&] {
    at_the_door = true;
    const MutexLock inner(shared.mutex);
    shared.seen = shared.released;
  });
  while (!at_the_door) std::this_thread::yield();
  shared.released = true;
  {
    const MutexUnlock unlock(shared.mutex);
    second.join();
  }
  EXPECT_TRUE(shared.seen);
}

TEST(CondVarTest, WaitUntilIsFalseWhenTheTimeHasCome) {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(mutex);
  const SteadyTime until = SteadyTime::Now() + absl::Milliseconds(5);
  while (changed.WaitUntil(mutex, until)) {
  }
  EXPECT_GE(SteadyTime::Now(), until);
  EXPECT_FALSE(changed.WaitUntil(mutex, SteadyTime::InfinitePast()));
}

// Two threads increment a number in turn, one with Wait, the other with WaitUntil. The test does
// not end if a wait never returns, or returns without the lock.
TEST(CondVarTest, AWaitEndsWhenItIsNotified) {
  struct {
    Mutex mutex;
    CondVar changed;
    int turn ABSL_GUARDED_BY(mutex) = 0;
  } shared;
  constexpr int kTurns = 1'000;
  std::thread odd([&shared] {
    const MutexLock lock(shared.mutex);
    while (shared.turn < kTurns) {
      while (shared.turn % 2 == 0) shared.changed.Wait(shared.mutex);
      ++shared.turn;
      shared.changed.NotifyOne();
    }
  });
  bool in_time = true;
  {
    const MutexLock lock(shared.mutex);
    while (shared.turn < kTurns) {
      const SteadyTime until =
          shared.turn % 4 == 0 ? SteadyTime::InfiniteFuture() : SteadyTime::Now() + kLong;
      while (shared.turn % 2 == 1) in_time &= shared.changed.WaitUntil(shared.mutex, until);
      ++shared.turn;
      shared.changed.NotifyOne();
    }
  }
  odd.join();
  EXPECT_TRUE(in_time);
}

}  // namespace
}  // namespace gateway
