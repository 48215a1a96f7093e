#include "service/ledger/retention_clock.h"

#include <algorithm>

namespace gateway::ledger {
namespace {

constexpr int kCatchUp = 10;

}  // namespace

absl::Time RetentionClock::Read(absl::Time wall, SteadyTime now) {
  if (read_at_ == SteadyTime::InfinitePast()) {
    latest_ = wall;
  } else {
    const absl::Duration passed = now - read_at_;
    latest_ += passed;
    if (wall > latest_) latest_ = std::min(wall, latest_ + passed / kCatchUp);
  }
  read_at_ = now;
  return std::min(wall, latest_);
}

}  // namespace gateway::ledger
