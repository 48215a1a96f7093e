#include "upstream/resilience/concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace gateway::resilience {

ConcurrencyLimit::ConcurrencyLimit(const Options& options)
    : options_(options), limit_(options.initial), exact_limit_(options.initial) {
  best_.fill(absl::InfiniteDuration());
}

bool ConcurrencyLimit::TryAcquire() {
  const int now_open = in_flight_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (now_open > limit()) {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  int highest = highest_in_flight_.load(std::memory_order_relaxed);
  while (now_open > highest &&
         !highest_in_flight_.compare_exchange_weak(highest, now_open, std::memory_order_relaxed)) {
  }
  return true;
}

void ConcurrencyLimit::Drop() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

void ConcurrencyLimit::Release(absl::Duration latency, absl::Time now) {
  Drop();
  const std::lock_guard lock(mutex_);
  if (period_began_ == absl::InfinitePast()) period_began_ = now;
  sum_ += latency;
  ++samples_;
  if (samples_ >= options_.min_samples && now - period_began_ >= options_.period) Reconsider(now);
}

void ConcurrencyLimit::Reconsider(absl::Time now) {
  const absl::Duration mean = sum_ / samples_;
  const absl::Duration best = Best(mean, now);
  const double ratio =
      absl::FDivDuration(best * options_.tolerance, std::max(mean, absl::Nanoseconds(1)));
  const double gradient = std::clamp(ratio, 0.5, 1.0);
  const bool was_needed = highest_in_flight_.load(std::memory_order_relaxed) * 2 > limit();
  // Room to try a higher limit, which only traffic that comes near the present one can judge.
  const double headroom = gradient == 1.0 && was_needed ? std::sqrt(exact_limit_) : 0;
  exact_limit_ = std::clamp(exact_limit_ * gradient + headroom, double(options_.minimum),
                            double(options_.maximum));
  limit_.store(static_cast<int>(exact_limit_), std::memory_order_relaxed);
  highest_in_flight_.store(in_flight(), std::memory_order_relaxed);
  sum_ = absl::ZeroDuration();
  samples_ = 0;
  period_began_ = now;
}

// The least mean of a period within the memory, `current` included.
absl::Duration ConcurrencyLimit::Best(absl::Duration current, absl::Time now) {
  const absl::Duration slot_length = options_.memory / int64_t{kMemorySlots};
  const int64_t slot = (now - absl::UnixEpoch()) / slot_length;
  const int64_t passed = std::min<int64_t>(slot - newest_slot_, kMemorySlots);
  for (int64_t i = 1; i <= passed; ++i) {
    best_[static_cast<size_t>((slot - passed + i) % int64_t{kMemorySlots})] =
        absl::InfiniteDuration();
  }
  newest_slot_ = std::max(slot, newest_slot_);
  absl::Duration& newest = best_[static_cast<size_t>(newest_slot_ % int64_t{kMemorySlots})];
  newest = std::min(newest, current);
  return *std::min_element(best_.begin(), best_.end());
}

}  // namespace gateway::resilience
