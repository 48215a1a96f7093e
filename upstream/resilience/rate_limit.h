// A token bucket for each store: limits calls per second, with a burst.
//
// Thread-safety: may be used from any thread. Memory: a bucket that is full again is forgotten.
#ifndef UPSTREAM_RESILIENCE_RATE_LIMIT_H_
#define UPSTREAM_RESILIENCE_RATE_LIMIT_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class RateLimit {
 public:
  struct Options {
    double calls_per_second = 0;  // 0: no limit
    int burst = 1;

    bool operator==(const Options&) const = default;
  };

  explicit RateLimit(const Options& options) : options_(options) {}

  // Takes a token and returns nullopt. If there is none, returns the wait until there is one.
  std::optional<absl::Duration> TryTake(absl::string_view store, SteadyTime now);

 private:
  struct Bucket {
    double tokens;
    SteadyTime updated;
  };

  void ForgetFullBuckets(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double Level(const Bucket& bucket, SteadyTime now) const;

  const Options options_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
  size_t cleaning_size_ ABSL_GUARDED_BY(mutex_) = 1024;
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_RATE_LIMIT_H_
