// How many calls may be open at a time, found out from their latency.
//
// Up to its capacity an upstream answers as fast with ten calls as with one; beyond it, calls only
// wait for each other. The limit grows while latency stays near the best that was seen lately, and
// shrinks by the ratio of the two when it does not. Who comes when the limit is reached is refused
// at once, while it costs nothing.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_
#define UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/time/time.h"

namespace gateway::resilience {

class ConcurrencyLimit {
 public:
  struct Options {
    int initial = 200;
    // Noise alone must not refuse anybody: below this, calls hardly wait for each other in the
    // pool.
    int minimum = 100;
    int maximum = 2000;
    // Latency up to this many times the best counts as unloaded.
    double tolerance = 1.5;
    // The limit is reconsidered after this time, once there were this many samples.
    absl::Duration period = absl::Milliseconds(100);
    int min_samples = 20;
    // The best latency is forgotten after this time.
    absl::Duration memory = absl::Seconds(60);

    bool operator==(const Options&) const = default;
  };

  explicit ConcurrencyLimit(const Options& options);

  // A place for one call, if there is one. To be given back by exactly one Release or Drop.
  bool TryAcquire();

  // The call is over; `latency` is from its admission to the upstream's answer.
  void Release(absl::Duration latency, absl::Time now);

  // The call is over, and says nothing of the upstream's speed: refused on the way, cancelled,
  // failed.
  void Drop();

  int limit() const { return limit_.load(std::memory_order_relaxed); }
  int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kMemorySlots = 6;

  void Reconsider(absl::Time now);
  absl::Duration Best(absl::Duration current, absl::Time now);

  const Options options_;
  std::atomic<int> limit_;
  std::atomic<int> in_flight_{0};
  std::atomic<int> highest_in_flight_{0};  // in this period

  std::mutex mutex_;
  // Guarded by mutex_.
  absl::Duration sum_;
  int samples_ = 0;
  absl::Time period_began_ = absl::InfinitePast();
  double exact_limit_;
  std::array<absl::Duration, kMemorySlots> best_;  // a ring over the memory
  int64_t newest_slot_ = 0;
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_
