// Limits how many calls may be open at a time, and learns the limit from their latency.
//
// Up to its capacity an upstream answers as fast with ten calls as with one; beyond it, calls only
// wait for each other. The limit grows while latency stays near the best that was seen lately,
// stays as it is when calls begin to wait, and shrinks in proportion when calls wait too long. The
// limit is judged once in each period, by calls that began under that limit. A period lasts at
// least as long as one call, because the calls that leave a queue first have waited least. A call
// beyond the limit is refused at once, before it costs anything.
//
// Under lasting load the best latency is no longer seen. So once in every `memory` the limit is
// lowered for a few calls, to measure the best latency again. Otherwise waiting would slowly count
// as normal latency.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_
#define UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class ConcurrencyLimit {
 public:
  struct Options {
    // Reads and writes have a limit each. At first, both limits together fill an upstream that
    // works on 64 calls at a time one and a half times: a call waits for at most one other (ADR 8).
    // A higher limit must be learned.
    int initial = 48;
    // The limit does not fall below this, so that noise in the latency does not refuse calls. At
    // the minimum, both limits together still fill such an upstream.
    int minimum = 40;
    int maximum = 2000;
    // The limit shrinks if the mean latency is more than this many times the best.
    double tolerance = 1.5;
    // The limit is reconsidered when this time has passed, when the time that one call takes has
    // passed, and when min_samples calls have ended: at the latest of the three.
    absl::Duration period = absl::Milliseconds(100);
    int min_samples = 20;
    // If the best latency was not seen for this time, it is measured again.
    absl::Duration memory = absl::Seconds(60);

    bool operator==(const Options&) const = default;
  };

  explicit ConcurrencyLimit(const Options& options);

  // Takes a place for one call. Returns false if no place is free. Exactly one Release or Drop must
  // give the place back.
  bool TryAcquire();

  // The call is over; `latency` is from its admission to the upstream's answer.
  void Release(absl::Duration latency, SteadyTime now);

  // The call is over, and its latency does not count: the call was cancelled, failed, or was
  // refused after TryAcquire.
  void Drop();

  int limit() const { return limit_.load(std::memory_order_relaxed); }
  int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  void Reconsider(absl::Duration measured, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remember(absl::Duration mean, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Adjust(absl::Duration mean) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginProbe(absl::Duration mean, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndProbe(absl::Duration mean, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begins a new period: only calls that end after `begin` count for it.
  void BeginPeriod(SteadyTime begin) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool refuses() const;

  const Options options_;
  std::atomic<int> limit_;
  std::atomic<int> in_flight_{0};
  std::atomic<int> highest_in_flight_{0};  // in this period

  Mutex mutex_;
  double exact_limit_ ABSL_GUARDED_BY(mutex_);  // unlike limit_, not lowered by a probe
  bool probing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration best_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  SteadyTime best_seen_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
  // Latencies of the calls that ended in this period. The period may begin in the future.
  absl::Duration sum_ ABSL_GUARDED_BY(mutex_);
  int samples_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyTime period_began_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_CONCURRENCY_LIMIT_H_
