// Decides when a failed attempt is repeated. Callers ask only for attempts that may be repeated:
// reads, and requests that were never sent.
//
// Thread-safety: a pure function. The caller checks the retry budget separately, last.
#ifndef UPSTREAM_RESILIENCE_RETRY_POLICY_H_
#define UPSTREAM_RESILIENCE_RETRY_POLICY_H_

#include <optional>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

struct RetryOptions {
  // Attempts in all; 1 for no retries.
  int max_attempts = 3;
  // The n-th wait is chosen evenly between 0 and min(base * 2^(n-1), cap): full jitter.
  absl::Duration base = absl::Milliseconds(50);
  absl::Duration cap = absl::Seconds(2);

  bool operator==(const RetryOptions&) const = default;
};

// Returns the wait before the next attempt, or nullopt if the attempts are used up or the next one
// could not begin before the deadline. `attempts` were made so far, 1 or more. The wait is at least
// `retry_after`, if the upstream sent it.
std::optional<absl::Duration> NextWait(const RetryOptions& options, int attempts,
                                       std::optional<absl::Duration> retry_after, SteadyTime now,
                                       SteadyTime deadline, absl::BitGenRef random);

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_RETRY_POLICY_H_
