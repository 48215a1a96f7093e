// When a forwarder begins with events, and when it comes back to one that was not taken.
//
// One event that is refused again and again must not hold up the others, and a target that is down
// must not use up the tries of all of them. So there are two pauses:
//
//   pause of    begins after
//   an event    its n-th try
//   the target  the n-th failure in a row, over all events; then one event is tried alone, and the
//               others follow when it was taken
//
// Each pause is base * 2^(n-1), at most `cap`, times a random factor from 0.5 to 1. After kGone the
// target's pause is `cap`.
//
// A refusal is about the event. Only from the kRefusalsInARow-th refusal on, if no event was taken
// in between, each refusal counts as a failure: the target seems to refuse everything.
//
// Thread-safety: none. It has no clock.
#ifndef SERVICE_EVENTS_FORWARD_PACING_H_
#define SERVICE_EVENTS_FORWARD_PACING_H_

#include <cstddef>
#include <optional>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class Pacing {
 public:
  struct Options {
    size_t most = 16;  // events that are handed on at a time
    absl::Duration base = absl::Seconds(1);
    absl::Duration cap = absl::Minutes(10);
  };
  static constexpr int kRefusalsInARow = 20;

  explicit Pacing(const Options& options) : options_(options) {}

  // How many events may be under way now.
  size_t window() const { return failures_ == 0 ? options_.most : 1; }
  SteadyTime resume() const { return resume_; }
  bool paused(SteadyTime now) const { return now < resume_; }
  bool failing() const { return failures_ > 0; }

  // `begun`: when the try began. A try from before the last pause is not counted as a success or a
  // failure of the target. `at_least`: Retry-After, which always prolongs the pause.
  void Taken(SteadyTime begun);
  void Refused(SteadyTime begun, SteadyTime now, absl::BitGenRef random);
  void Failed(SteadyTime begun, SteadyTime now, std::optional<absl::Duration> at_least,
              absl::BitGenRef random);
  // As Failed, but the pause is `cap`.
  void Gone(SteadyTime begun, SteadyTime now, absl::BitGenRef random);

  // The pause of an event after so many tries.
  absl::Duration PauseAfter(int tries, absl::BitGenRef random) const;

 private:
  void Pause(absl::Duration pause, SteadyTime now);

  const Options options_;
  int failures_ = 0;  // in a row
  int refusals_ = 0;  // since an event was taken
  SteadyTime paused_at_ = SteadyTime::InfinitePast();
  SteadyTime resume_ = SteadyTime::InfinitePast();
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_PACING_H_
