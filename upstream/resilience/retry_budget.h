// Limits retries to a share of the recent calls, with a floor for low traffic. An upstream that
// fails every call gets at most (1 + share) times the calls (plus the floor), not max_attempts
// times.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_RETRY_BUDGET_H_
#define UPSTREAM_RESILIENCE_RETRY_BUDGET_H_

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/resilience/sliding_window.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class RetryBudget {
 public:
  struct Options {
    // How many retries are allowed for each call in the window.
    double share = 0.2;
    // How many retries are always allowed in a window, so that a gateway with little traffic
    // retries at all.
    int floor = 10;
    absl::Duration window = absl::Seconds(10);

    bool operator==(const Options&) const = default;
  };

  explicit RetryBudget(const Options& options) : options_(options), window_(options.window) {}

  // Must be called once for each call, however it ends.
  void CountCall(SteadyTime now);

  // Takes one retry out of the budget. Returns false if none is left.
  bool TryTake(SteadyTime now);

 private:
  enum Counter : size_t { kCalls, kRetries, kCounters };

  const Options options_;
  Mutex mutex_;
  SlidingWindow<kCounters> window_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_RETRY_BUDGET_H_
