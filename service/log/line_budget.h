// Limits log lines that callers can cause by failing. Lines pass up to a rate per second and a
// burst; the others are counted.
//
//   LineBudget budget(50, 1000);
//   if (const std::optional<uint64_t> left_out = budget.Pass()) ... write the line, with the count
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_LOG_LINE_BUDGET_H_
#define SERVICE_LOG_LINE_BUDGET_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "upstream/mutex.h"

namespace gateway {

class LineBudget {
 public:
  using Clock = std::chrono::steady_clock;

  LineBudget(double per_second, double burst)
      : per_second_(per_second), burst_(burst), left_(burst) {}

  // Returns how many lines were left out since the last that passed, or nullopt if this one is left
  // out too.
  std::optional<uint64_t> Pass(Clock::time_point now = Clock::now()) {
    const MutexLock lock(mutex_);
    const double since = std::chrono::duration<double>(now - filled_).count();
    left_ = std::min(left_ + std::max(since, 0.0) * per_second_, burst_);
    filled_ = now;
    if (left_ < 1) {
      ++left_out_;
      return std::nullopt;
    }
    --left_;
    return std::exchange(left_out_, 0);
  }

 private:
  const double per_second_;
  const double burst_;
  Mutex mutex_;
  double left_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point filled_ ABSL_GUARDED_BY(mutex_) = Clock::now();
  uint64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace gateway

#endif  // SERVICE_LOG_LINE_BUDGET_H_
