#include "service/events/forward/pacing.h"

#include <algorithm>

#include "absl/random/distributions.h"

namespace gateway::events {

void Pacing::Taken(SteadyTime begun) {
  if (begun < paused_at_) return;
  failures_ = 0;
  refusals_ = 0;
  resume_ = SteadyTime::InfinitePast();
}

void Pacing::Refused(SteadyTime begun, SteadyTime now, absl::BitGenRef random) {
  if (++refusals_ < kRefusalsInARow) {
    if (begun >= paused_at_) failures_ = 0;  // the target is there, and answers
    return;
  }
  Failed(begun, now, std::nullopt, random);
}

void Pacing::Failed(SteadyTime begun, SteadyTime now, std::optional<absl::Duration> at_least,
                    absl::BitGenRef random) {
  if (begun >= paused_at_) {
    ++failures_;
    Pause(PauseAfter(failures_, random), now);
  }
  if (at_least) resume_ = std::max(resume_, now + *at_least);
}

void Pacing::Gone(SteadyTime begun, SteadyTime now, absl::BitGenRef random) {
  Failed(begun, now, std::nullopt, random);
  Pause(options_.cap, now);
}

absl::Duration Pacing::PauseAfter(int tries, absl::BitGenRef random) const {
  absl::Duration pause = options_.base;
  for (int i = 1; i < tries && pause < options_.cap; ++i) pause *= 2;
  return std::min(pause, options_.cap) * absl::Uniform(random, 0.5, 1.0);
}

void Pacing::Pause(absl::Duration pause, SteadyTime now) {
  paused_at_ = now;
  resume_ = std::max(resume_, now + pause);
}

}  // namespace gateway::events
