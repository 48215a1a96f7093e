#include "upstream/resilience/concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace gateway::resilience {
namespace {

// A mean latency up to this many times the best counts as the best, seen again.
constexpr double kNoise = 1.1;

// The share of the limit that must be in use before latency can lower the limit (kMatters), and
// before the limit can grow (kPresses).
constexpr double kMatters = 0.5;
constexpr double kPresses = 0.8;

// One step never sets the limit below this share of the calls in flight: a few bad samples must not
// end all traffic.
constexpr double kMostShrinking = 0.5;

// A probe's limit, as a share of the calls that the upstream works on: low enough that the queue
// empties soon.
constexpr double kProbeShare = 0.5;

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(const Options& options)
    : options_(options), limit_(options.initial), exact_limit_(options.initial) {}

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

void ConcurrencyLimit::Release(absl::Duration latency, SteadyTime now) {
  Drop();
  const MutexLock lock(mutex_);
  if (period_began_ == SteadyTime::InfinitePast()) period_began_ = now;
  if (now < period_began_) return;
  sum_ += latency;
  ++samples_;
  if (samples_ < options_.min_samples) return;
  // Calls that are let in together end together, the fast ones first. A period shorter than one
  // call would see only the fast ones.
  const absl::Duration mean = sum_ / samples_;
  if (now - period_began_ >= std::max(options_.period, mean)) Reconsider(mean, now);
}

void ConcurrencyLimit::Reconsider(absl::Duration measured, SteadyTime now) {
  const absl::Duration mean = std::max(measured, absl::Nanoseconds(1));
  if (probing_) return EndProbe(mean, now);
  Remember(mean, now);
  if (now - best_seen_ > options_.memory) return BeginProbe(mean, now);
  const int before = limit();
  Adjust(mean);
  // A changed limit is judged only by calls that began under it: its period begins when the earlier
  // calls have ended.
  BeginPeriod(limit() == before ? now : now + mean);
}

bool ConcurrencyLimit::refuses() const {
  return highest_in_flight_.load(std::memory_order_relaxed) >= limit();
}

void ConcurrencyLimit::Remember(absl::Duration mean, SteadyTime now) {
  // While calls are refused, the admitted calls have probably waited, so best_seen_ is not renewed.
  if (!refuses() && mean <= best_ * kNoise) best_seen_ = now;
  best_ = std::min(best_, mean);
}

void ConcurrencyLimit::Adjust(absl::Duration mean) {
  const double times_best = absl::FDivDuration(mean, best_);
  const double waits_little = (1 + options_.tolerance) / 2;
  const double used =
      std::min<double>(exact_limit_, highest_in_flight_.load(std::memory_order_relaxed));
  // If calls do not come near the limit, their latency says nothing about the limit.
  if (times_best > options_.tolerance && used > kMatters * exact_limit_) {
    exact_limit_ = used * std::max(waits_little / times_best, kMostShrinking);
  } else if (times_best < waits_little && used > kPresses * exact_limit_) {
    exact_limit_ += std::sqrt(exact_limit_);
  }
  exact_limit_ = std::clamp(exact_limit_, double(options_.minimum), double(options_.maximum));
  limit_.store(static_cast<int>(exact_limit_), std::memory_order_relaxed);
}

void ConcurrencyLimit::BeginProbe(absl::Duration mean, SteadyTime now) {
  // If no call is refused, the load is below the limit. Then no probe is needed: the mean is the
  // new best.
  if (!refuses()) {
    best_ = mean;
    best_seen_ = now;
    return BeginPeriod(now);
  }
  probing_ = true;
  const double worked_on = exact_limit_ / std::max(absl::FDivDuration(mean, best_), 1.0);
  limit_.store(std::max(static_cast<int>(worked_on * kProbeShare), 1), std::memory_order_relaxed);
  // At that time, the calls that were let in before the probe have ended.
  BeginPeriod(now + mean);
}

void ConcurrencyLimit::EndProbe(absl::Duration mean, SteadyTime now) {
  probing_ = false;
  best_ = mean;
  best_seen_ = now;
  limit_.store(static_cast<int>(exact_limit_), std::memory_order_relaxed);
  BeginPeriod(now + mean);
}

void ConcurrencyLimit::BeginPeriod(SteadyTime begin) {
  sum_ = absl::ZeroDuration();
  samples_ = 0;
  period_began_ = begin;
  highest_in_flight_.store(in_flight(), std::memory_order_relaxed);
}

}  // namespace gateway::resilience
