#include "upstream/resilience/retry_budget.h"

namespace gateway::resilience {

void RetryBudget::CountCall(SteadyTime now) {
  const MutexLock lock(mutex_);
  window_.Add(kCalls, now);
}

bool RetryBudget::TryTake(SteadyTime now) {
  const MutexLock lock(mutex_);
  const auto counts = window_.Sum(now);
  const double allowed = options_.floor + options_.share * static_cast<double>(counts[kCalls]);
  if (static_cast<double>(counts[kRetries] + 1) > allowed) return false;
  window_.Add(kRetries, now);
  return true;
}

}  // namespace gateway::resilience
