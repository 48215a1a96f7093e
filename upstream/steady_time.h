// A moment on a clock that nobody can set: for deadlines, ages, waits and all other durations. The
// wall clock (absl::Time) is for what people read and what is signed. The two types keep the two
// clocks apart.
//
//   const SteadyTime begun = SteadyTime::Now();
//   ...
//   const absl::Duration took = SteadyTime::Now() - begun;
//
// Thread-safety: a value. Precision: a nanosecond. Source: CLOCK_BOOTTIME, which runs on while the
// machine is suspended: a deadline passes meanwhile for us as it does for everybody else.
#ifndef UPSTREAM_STEADY_TIME_H_
#define UPSTREAM_STEADY_TIME_H_

#include <time.h>

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway {

class SteadyTime {
 public:
  // Equals InfinitePast().
  constexpr SteadyTime() = default;

  static SteadyTime Now() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return SteadyTime(int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
  }

  static constexpr SteadyTime InfiniteFuture() {
    return SteadyTime(std::numeric_limits<int64_t>::max());
  }
  static constexpr SteadyTime InfinitePast() { return SteadyTime(); }

  // The clock's own beginning, before every Now().
  static constexpr SteadyTime Epoch() { return SteadyTime(0); }

  // Converts a time of the wall clock, using the present difference between the two clocks.
  static SteadyTime FromWall(absl::Time time) { return Now() + (time - absl::Now()); }

  // Returns InfiniteFuture or InfinitePast if the sum overflows. Returns `time` unchanged if it is
  // one of these two.
  friend SteadyTime operator+(SteadyTime time, absl::Duration duration) {
    if (time == InfiniteFuture() || time == InfinitePast()) return time;
    const int64_t change = absl::ToInt64Nanoseconds(duration);
    int64_t sum = 0;
    if (!__builtin_add_overflow(time.nanoseconds_, change, &sum)) return SteadyTime(sum);
    return change > 0 ? InfiniteFuture() : InfinitePast();
  }
  friend SteadyTime operator-(SteadyTime time, absl::Duration duration) { return time + -duration; }
  SteadyTime& operator+=(absl::Duration duration) { return *this = *this + duration; }

  friend absl::Duration operator-(SteadyTime a, SteadyTime b) {
    if (a == b) return absl::ZeroDuration();
    if (a == InfiniteFuture() || b == InfinitePast()) return absl::InfiniteDuration();
    if (b == InfiniteFuture() || a == InfinitePast()) return -absl::InfiniteDuration();
    return absl::Nanoseconds(a.nanoseconds_ - b.nanoseconds_);
  }

  friend constexpr auto operator<=>(SteadyTime, SteadyTime) = default;

 private:
  explicit constexpr SteadyTime(int64_t nanoseconds) : nanoseconds_(nanoseconds) {}

  int64_t nanoseconds_ = std::numeric_limits<int64_t>::min();
};

}  // namespace gateway

#endif  // UPSTREAM_STEADY_TIME_H_
