// Limits the unsigned events that are taken. Anybody can send them, so they must neither fill the
// log, nor crowd out signed events, nor make the gateway call the upstream without end.
//
//   limit of      value
//   number        kPerSecond; kAtOnce after a quiet time
//   one body      kMostBytes
//   all together  an eighth of the log within the time that the log keeps an event
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_EVENTS_RECEIVER_UNSIGNED_ALLOWANCE_H_
#define SERVICE_EVENTS_RECEIVER_UNSIGNED_ALLOWANCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::events {

// The limits of the log.
struct LogBounds {
  int64_t max_bytes = int64_t{8} << 30;
  absl::Duration keep = absl::Hours(24 * 30);
};

class UnsignedAllowance {
 public:
  static constexpr size_t kMostBytes = size_t{64} << 10;
  static constexpr double kPerSecond = 5;
  static constexpr double kAtOnce = 200;
  // The bytes that an event takes up beside its body.
  static constexpr double kOverhead = 1024;

  explicit UnsignedAllowance(const LogBounds& log, SteadyTime now = SteadyTime::Now())
      : most_bytes_(static_cast<double>(log.max_bytes) / 16),
        bytes_per_second_(most_bytes_ / absl::ToDoubleSeconds(log.keep)),
        bytes_left_(most_bytes_),
        filled_(now) {}

  // Returns whether an event with a body of this size is allowed, and counts it if so. The caller
  // checks kMostBytes.
  bool Take(size_t body_bytes, SteadyTime now = SteadyTime::Now()) {
    const double bytes = static_cast<double>(body_bytes) + kOverhead;
    const MutexLock lock(mutex_);
    const double seconds = absl::ToDoubleSeconds(now - filled_);
    filled_ = now;
    left_ = std::min(left_ + kPerSecond * seconds, kAtOnce);
    bytes_left_ = std::min(bytes_left_ + bytes_per_second_ * seconds, most_bytes_);
    if (left_ < 1 || bytes_left_ < bytes) return false;
    left_ -= 1;
    bytes_left_ -= bytes;
    return true;
  }

 private:
  // A sixteenth of the log at once, and another sixteenth within the time that an event is kept.
  const double most_bytes_;
  const double bytes_per_second_;
  Mutex mutex_;
  double left_ ABSL_GUARDED_BY(mutex_) = kAtOnce;
  double bytes_left_ ABSL_GUARDED_BY(mutex_);
  SteadyTime filled_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_UNSIGNED_ALLOWANCE_H_
