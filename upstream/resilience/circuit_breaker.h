// Stops calling an upstream that keeps failing, and finds out cheaply when it is back.
//
//   closed ---- too many of the recent calls failed ----> open
//   open ------ its time has passed --------------------> half-open
//   half-open - all probes succeeded -------------------> closed
//   half-open - a probe failed -------------------------> open, for twice as long
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_CIRCUIT_BREAKER_H_
#define UPSTREAM_RESILIENCE_CIRCUIT_BREAKER_H_

#include <cstdint>

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/resilience/sliding_window.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class CircuitBreaker {
 public:
  struct Options {
    // Opens when this share of the calls in the window failed, if there are at least min_calls.
    double failure_share = 0.5;
    int min_calls = 20;
    absl::Duration window = absl::Seconds(10);
    // How long the breaker stays open. Doubled for each failed probe in a row, up to max_open_time.
    absl::Duration open_time = absl::Seconds(2);
    absl::Duration max_open_time = absl::Seconds(30);
    // How many calls are let through in the half-open state.
    int probes = 3;

    bool operator==(const Options&) const = default;
  };

  enum class State { kClosed, kOpen, kHalfOpen };

  // How an admitted call ended.
  enum class Verdict {
    kGood,     // the upstream answered, perhaps with a refusal
    kBad,      // the upstream did not answer, or said that it cannot serve
    kNeither,  // says nothing of the upstream: cancelled, a short deadline, no room in this process
  };

  explicit CircuitBreaker(const Options& options) : options_(options), window_(options.window) {}

  // Whether the call may go out. An admitted call must be followed by one Record with the ticket.
  struct Admission {
    bool admitted = false;
    uint64_t ticket = 0;
  };
  Admission Admit(SteadyTime now);
  void Record(uint64_t ticket, Verdict verdict, SteadyTime now);

  State state() const;
  // Whether the breaker is open, and its time has not passed: all calls would be refused now. A
  // half-open breaker, which refuses only calls beyond its probes, does not count.
  bool refuses(SteadyTime now) const;
  // Calls in the window with verdict kGood.
  uint64_t good_calls(SteadyTime now) const;
  // How often the breaker went from closed to open.
  uint64_t openings() const;

 private:
  enum Counter : size_t { kGoodCalls, kBadCalls, kCounters };

  void Open(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RecordProbe(Verdict verdict, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kClosed;
  // Mutable, because Sum drops the counts that are too old.
  mutable SlidingWindow<kCounters> window_ ABSL_GUARDED_BY(mutex_);
  // Counts changes of state. Verdicts of calls that were admitted in an earlier state are ignored.
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyTime half_open_at_ ABSL_GUARDED_BY(mutex_);
  absl::Duration open_time_ ABSL_GUARDED_BY(mutex_);
  int probes_out_ ABSL_GUARDED_BY(mutex_) = 0;
  int probes_good_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t openings_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_CIRCUIT_BREAKER_H_
