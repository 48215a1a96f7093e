#include "upstream/resilience/retry_policy.h"

#include <algorithm>

#include "absl/random/distributions.h"

namespace gateway::resilience {

std::optional<absl::Duration> NextWait(const RetryOptions& options, int attempts,
                                       std::optional<absl::Duration> retry_after, SteadyTime now,
                                       SteadyTime deadline, absl::BitGenRef random) {
  if (attempts >= options.max_attempts) return std::nullopt;
  absl::Duration ceiling = options.base;
  for (int i = 1; i < attempts && ceiling < options.cap; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, options.cap);
  absl::Duration wait = ceiling * absl::Uniform(random, 0.0, 1.0);
  if (retry_after) wait = std::max(wait, *retry_after);
  if (now + wait >= deadline) return std::nullopt;
  return wait;
}

}  // namespace gateway::resilience
