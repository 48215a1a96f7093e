#include "upstream/resilience/concurrency_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

namespace gateway::resilience {
namespace {

// An upstream that serves `capacity` calls at a time, each in 10 ms; other calls wait.
class SimulatedUpstream {
 public:
  explicit SimulatedUpstream(int capacity) : capacity_(capacity) {}

  // Every 10 ms, `offered` calls ask for admission. Returns the average number of answered calls
  // per second.
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

  // The latency of the last answered call.
  absl::Duration latency() const { return latency_; }

 private:
  const int capacity_;
  absl::Duration latency_;
  std::deque<SteadyTime> waiting_;
  SteadyTime now_ = SteadyTime::Epoch() + absl::Seconds(1'000'000);
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
  upstream.Run(limit, 20, 100);   // lets the limit observe the unloaded latency
  upstream.Run(limit, 500, 500);  // ten times its capacity
  EXPECT_LT(limit.limit(), 150);
  // The limit wastes hardly any of the capacity.
  EXPECT_GT(upstream.Run(limit, 500, 500), 0.9 * 5000);
}

// Reads and writes, each with its own limit, share one queue for the connections of a pool.
class SharedPool {
 public:
  explicit SharedPool(const ConcurrencyLimit::Options& options)
      : limits_{ConcurrencyLimit(options), ConcurrencyLimit(options)} {}

  // `offered` is a multiple of the capacity. Returns the sorted latencies, as multiples of the
  // unloaded latency.
  std::vector<double> Run(double offered, absl::Duration length) {
    latencies_.clear();
    const SteadyTime end = now_ + length;
    SteadyTime arrival = now_;
    while (now_ < end) {
      if (!open_.empty() && open_.begin()->first <= arrival) {
        Finish();
        continue;
      }
      now_ = arrival;
      arrival += kServiceTime / (kConnections * offered);
      Arrive(random_() % 2);
    }
    std::sort(latencies_.begin(), latencies_.end());
    return latencies_;
  }

 private:
  struct Call {
    size_t limit;
    SteadyTime entered;
  };
  static constexpr int kConnections = 64;
  static constexpr absl::Duration kServiceTime = absl::Milliseconds(200);

  void Arrive(size_t limit) {
    if (!limits_[limit].TryAcquire()) return;
    waiting_.push_back({limit, now_});
    Serve();
  }

  void Finish() {
    const auto [end, call] = *open_.begin();
    open_.erase(open_.begin());
    now_ = end;
    limits_[call.limit].Release(now_ - call.entered, now_);
    latencies_.push_back(absl::FDivDuration(now_ - call.entered, kServiceTime));
    Serve();
  }

  void Serve() {
    while (!waiting_.empty() && open_.size() < kConnections) {
      open_.emplace(now_ + kServiceTime, waiting_.front());
      waiting_.pop_front();
    }
  }

  std::mt19937 random_{20};
  std::array<ConcurrencyLimit, 2> limits_;
  std::deque<Call> waiting_;
  std::multimap<SteadyTime, Call> open_;  // by end time
  std::vector<double> latencies_;
  SteadyTime now_ = SteadyTime::Epoch() + absl::Seconds(1'000'000);
};

TEST(ConcurrencyLimitTest, TheOnsetOfAnOverloadDoublesNoLatency) {
  SharedPool pool({});
  pool.Run(0.25, absl::Seconds(3));
  const std::vector<double> all = pool.Run(10, absl::Seconds(3));
  EXPECT_LE(all[all.size() * 99 / 100], 2);
}

// Ten minutes of constant overload: the unloaded latency of 10 ms is not forgotten.
TEST(ConcurrencyLimitTest, DoesNotGetUsedToOverload) {
  ConcurrencyLimit limit({.initial = 100, .minimum = 10});
  SimulatedUpstream upstream(50);
  upstream.Run(limit, 20, 100);
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_GT(upstream.Run(limit, 500, 6000), 0.9 * 5000);
    EXPECT_LE(upstream.latency(), absl::Milliseconds(20));
  }
}

// A process may start during an overload and never have seen the unloaded latency.
TEST(ConcurrencyLimitTest, FindsTheUnloadedLatencyUnderOverload) {
  ConcurrencyLimit limit({.initial = 200, .minimum = 10});
  SimulatedUpstream upstream(50);
  upstream.Run(limit, 500, 7000);
  upstream.Run(limit, 500, 500);
  EXPECT_LE(upstream.latency(), absl::Milliseconds(20));
}

// An upstream that has become slower at every concurrency is not overloaded.
TEST(ConcurrencyLimitTest, AcceptsThatAnUpstreamHasBecomeSlower) {
  ConcurrencyLimit limit({.initial = 20, .minimum = 1});
  SteadyTime now = SteadyTime::Epoch() + absl::Seconds(1'000'000);
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
