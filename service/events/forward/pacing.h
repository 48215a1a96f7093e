// When a forwarder begins with events, and when it comes back to one that was not taken.
//
// One event that is refused again and again must not hold up the others, and a target that is down
// must not use up the tries of all of them. So there are two pauses:
//
//   of an event    after its n-th try, base * 2^(n-1), at most `cap`
//   of the target  after the n-th failure in a row, over all events, by the same rule; then one
//                  event goes first, and the others follow when it was taken
//
// A refusal is about the event: only when kRefusalsInARow of them came, and nothing was taken, does
// it look as if the target refused everything. Each pause is shortened by chance, to half at most.
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

  // Events that may be under way, from this moment on.
  size_t window() const { return failures_ == 0 ? options_.most : 1; }
  SteadyTime resume() const { return resume_; }
  bool paused(SteadyTime now) const { return now < resume_; }
  bool failing() const { return failures_ > 0; }

  // `begun`: when the try began. What began before the pause tells nothing new.
  void Taken(SteadyTime begun);
  void Refused(SteadyTime begun, SteadyTime now, absl::BitGenRef random);
  void Failed(SteadyTime begun, SteadyTime now, std::optional<absl::Duration> at_least,
              absl::BitGenRef random);
  // As Failed, and the pause is the longest.
  void Gone(SteadyTime begun, SteadyTime now, absl::BitGenRef random);

  // Of an event, after so many tries.
  absl::Duration PauseAfter(int tries, absl::BitGenRef random) const;

 private:
  void Pause(absl::Duration pause, SteadyTime now);

  const Options options_;
  int failures_ = 0;  // in a row
  int refusals_ = 0;  // since one was taken
  SteadyTime paused_at_ = SteadyTime::InfinitePast();
  SteadyTime resume_ = SteadyTime::InfinitePast();
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_PACING_H_
