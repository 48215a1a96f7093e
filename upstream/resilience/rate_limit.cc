#include "upstream/resilience/rate_limit.h"

#include <algorithm>

namespace gateway::resilience {

std::optional<absl::Duration> RateLimit::TryTake(absl::string_view store, SteadyTime now) {
  if (options_.calls_per_second <= 0) return std::nullopt;
  const MutexLock lock(mutex_);
  if (buckets_.size() >= cleaning_size_) ForgetFullBuckets(now);
  const auto [entry, added] =
      buckets_.try_emplace(std::string(store), Bucket{double(options_.burst), now});
  Bucket& bucket = entry->second;
  bucket.tokens = Level(bucket, now);
  bucket.updated = std::max(bucket.updated, now);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  return absl::Seconds((1 - bucket.tokens) / options_.calls_per_second);
}

double RateLimit::Level(const Bucket& bucket, SteadyTime now) const {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - bucket.updated));
  return std::min<double>(options_.burst, bucket.tokens + seconds * options_.calls_per_second);
}

void RateLimit::ForgetFullBuckets(SteadyTime now) {
  absl::erase_if(buckets_,
                 [&](const auto& entry) { return Level(entry.second, now) >= options_.burst; });
  cleaning_size_ = std::max<size_t>(1024, buckets_.size() * 2);
}

}  // namespace gateway::resilience
