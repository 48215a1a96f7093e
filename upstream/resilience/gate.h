// The circuit breaker, the concurrency limit and the callers' shares for one class of operations
// (reads, or writes) at one upstream. Every attempt must pass the gate. An attempt that may not
// pass is refused before any work is done for it.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_GATE_H_
#define UPSTREAM_RESILIENCE_GATE_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "upstream/resilience/circuit_breaker.h"
#include "upstream/resilience/concurrency_limit.h"
#include "upstream/resilience/shares.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class Gate {
 public:
  enum class Entry { kAdmitted, kBreakerOpen, kNoRoom };

  // The result of Enter. If `entry` is kAdmitted, exactly one Leave must give the pass back.
  struct Pass {
    Entry entry = Entry::kNoRoom;
    uint64_t ticket = 0;
    SteadyTime entered;
    Shares::Party party;
  };

  Gate(const CircuitBreaker::Options& breaker, const ConcurrencyLimit::Options& limit)
      : breaker_(breaker), limit_(limit) {}

  // `party` is the caller, and the store that the attempt is about (see shares.h).
  Pass Enter(SteadyTime now, Shares::Party party = {}) {
    // Check the limit first: a call without room must not use up a probe of the half-open breaker.
    if (!limit_.TryAcquire()) {
      shares_.See(party, now);
      return {Entry::kNoRoom, 0, now, party};
    }
    if (!shares_.TryEnter(party, limit_.in_flight(), limit_.limit(), now)) {
      limit_.Drop();
      return {Entry::kNoRoom, 0, now, party};
    }
    const CircuitBreaker::Admission admission = breaker_.Admit(now);
    if (admission.admitted) return {Entry::kAdmitted, admission.ticket, now, party};
    shares_.Leave(party);
    limit_.Drop();
    return {Entry::kBreakerOpen, 0, now, party};
  }

  // The attempt is over. `latency_counts` is true if the attempt's duration says something about
  // the upstream's speed.
  void Leave(const Pass& pass, CircuitBreaker::Verdict verdict, bool latency_counts,
             SteadyTime now) {
    breaker_.Record(pass.ticket, verdict, now);
    shares_.Leave(pass.party);
    if (latency_counts) {
      limit_.Release(now - pass.entered, now);
    } else {
      limit_.Drop();
    }
  }

  const CircuitBreaker& breaker() const { return breaker_; }
  const ConcurrencyLimit& limit() const { return limit_; }

 private:
  CircuitBreaker breaker_;
  ConcurrencyLimit limit_;
  Shares shares_;
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_GATE_H_
