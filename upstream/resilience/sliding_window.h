// Counters over the recent past (the window): a ring of slots, each a tenth of the window.
//
// Thread-safety: none. Times must not run far backwards: an older time is counted in the newest
// slot.
#ifndef UPSTREAM_RESILIENCE_SLIDING_WINDOW_H_
#define UPSTREAM_RESILIENCE_SLIDING_WINDOW_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

template <size_t kCounters>
class SlidingWindow {
 public:
  using Counts = std::array<uint64_t, kCounters>;

  explicit SlidingWindow(absl::Duration window) : slot_length_(window / int64_t{kSlots}) {}

  void Add(size_t counter, SteadyTime now) {
    Advance(now);
    ++slots_[newest_ % kSlots][counter];
  }

  Counts Sum(SteadyTime now) {
    Advance(now);
    Counts sum{};
    for (const Counts& slot : slots_) {
      for (size_t i = 0; i < kCounters; ++i) sum[i] += slot[i];
    }
    return sum;
  }

  void Clear() { slots_ = {}; }

 private:
  static constexpr size_t kSlots = 10;

  void Advance(SteadyTime now) {
    const auto current =
        static_cast<uint64_t>(std::max<int64_t>(0, (now - SteadyTime::Epoch()) / slot_length_));
    if (current <= newest_) return;
    const uint64_t passed = std::min<uint64_t>(current - newest_, kSlots);
    for (uint64_t i = 1; i <= passed; ++i) slots_[(current - passed + i) % kSlots] = {};
    newest_ = current;
  }

  const absl::Duration slot_length_;
  std::array<Counts, kSlots> slots_{};
  uint64_t newest_ = 0;  // the newest slot's number, counted from the epoch
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_SLIDING_WINDOW_H_
