#include "upstream/resilience/concurrency_limit.h"

#include <gtest/gtest.h>

#include <deque>

namespace gateway::resilience {
namespace {

// An upstream that serves `capacity` calls at a time, each in 10 ms; the others wait for their
// turn.
class SimulatedUpstream {
 public:
  explicit SimulatedUpstream(int capacity) : capacity_(capacity) {}

  // Every 10 ms `offered` calls ask to be let in. Returns how many were answered a second, on
  // average.
  double Run(ConcurrencyLimit& limit, int offered, int rounds) {
    int answered = 0;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < offered; ++i) {
        if (limit.TryAcquire()) waiting_.push_back(now_);
      }
      now_ += absl::Milliseconds(10);
      for (int i = 0; i < capacity_ && !waiting_.empty(); ++i) {
        latency_ = now_ - waiting_.front();
        limit.Release(latency_, now_);
        waiting_.pop_front();
        ++answered;
      }
    }
    return answered / (rounds * 0.01);
  }

  // Of the last call that was answered.
  absl::Duration latency() const { return latency_; }

 private:
  const int capacity_;
  absl::Duration latency_;
  std::deque<absl::Time> waiting_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
};

TEST(ConcurrencyLimitTest, RefusesBeyondTheLimit) {
  ConcurrencyLimit limit({.initial = 2, .minimum = 1});
  EXPECT_TRUE(limit.TryAcquire());
  EXPECT_TRUE(limit.TryAcquire());
  EXPECT_FALSE(limit.TryAcquire());
  EXPECT_EQ(limit.in_flight(), 2);
  limit.Drop();
  EXPECT_TRUE(limit.TryAcquire());
}

TEST(ConcurrencyLimitTest, ShrinksToWhatTheUpstreamCanTake) {
  ConcurrencyLimit limit({.initial = 500});
  SimulatedUpstream upstream(50);
  upstream.Run(limit, 20, 100);   // it has been seen unloaded
  upstream.Run(limit, 500, 500);  // ten times its capacity
  EXPECT_LT(limit.limit(), 150);
  // Hardly any of the capacity is lost to the limit.
  EXPECT_GT(upstream.Run(limit, 500, 500), 0.9 * 5000);
}

// Ten minutes of nothing but overload: the unloaded latency, of 10 ms, is not forgotten.
TEST(ConcurrencyLimitTest, DoesNotGetUsedToOverload) {
  ConcurrencyLimit limit({.initial = 100, .minimum = 10});
  SimulatedUpstream upstream(50);
  upstream.Run(limit, 20, 100);
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_GT(upstream.Run(limit, 500, 6000), 0.9 * 5000);
    EXPECT_LE(upstream.latency(), absl::Milliseconds(20));
  }
}

// A process may start into an overload, and never have seen anything else.
TEST(ConcurrencyLimitTest, FindsTheUnloadedLatencyUnderOverload) {
  ConcurrencyLimit limit({.initial = 200, .minimum = 10});
  SimulatedUpstream upstream(50);
  upstream.Run(limit, 500, 7000);
  upstream.Run(limit, 500, 500);
  EXPECT_LE(upstream.latency(), absl::Milliseconds(20));
}

// An upstream that answers more slowly than it did, to whatever number of calls, is not overloaded.
TEST(ConcurrencyLimitTest, AcceptsThatAnUpstreamHasBecomeSlower) {
  ConcurrencyLimit limit({.initial = 20, .minimum = 1});
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  const auto run = [&](absl::Duration latency, int rounds) {
    int admitted = 0;
    for (int round = 0; round < rounds; ++round) {
      admitted = 0;
      for (int i = 0; i < 10; ++i) admitted += limit.TryAcquire() ? 1 : 0;
      now += latency;
      for (int i = 0; i < admitted; ++i) limit.Release(latency, now);
    }
    return admitted;
  };
  EXPECT_EQ(run(absl::Milliseconds(10), 1000), 10);
  run(absl::Milliseconds(100), 1000);
  EXPECT_EQ(run(absl::Milliseconds(100), 10), 10);
}

TEST(ConcurrencyLimitTest, GrowsWhereTheUpstreamCanTakeMore) {
  ConcurrencyLimit limit({.initial = 10});
  SimulatedUpstream upstream(200);
  upstream.Run(limit, 200, 1000);
  EXPECT_GE(limit.limit(), 150);
}

TEST(ConcurrencyLimitTest, DoesNotGrowWhileNobodyNeedsIt) {
  ConcurrencyLimit limit({.initial = 100});
  SimulatedUpstream upstream(1000);
  upstream.Run(limit, 3, 2000);
  EXPECT_EQ(limit.limit(), 100);
}

TEST(ConcurrencyLimitTest, KeepsWithinItsBounds) {
  ConcurrencyLimit narrow({.initial = 20, .minimum = 15, .maximum = 25});
  SimulatedUpstream slow(2);
  slow.Run(narrow, 2, 50);
  slow.Run(narrow, 100, 1000);
  EXPECT_EQ(narrow.limit(), 15);
  ConcurrencyLimit capped({.initial = 20, .minimum = 15, .maximum = 25});
  SimulatedUpstream fast(1000);
  fast.Run(capped, 100, 1000);
  EXPECT_EQ(capped.limit(), 25);
}

}  // namespace
}  // namespace gateway::resilience
