#include "upstream/resilience/shares.h"

#include <algorithm>

namespace gateway::resilience {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Seconds(1);

}  // namespace

void Shares::Forget(SteadyTime now) {
  const bool many = callers_.size() > kMostKnown;
  // A clock that was set back must not keep everybody.
  const bool due = now - forgot_ > kBetweenLooks || now < forgot_;
  if (!due && !many) return;
  forgot_ = now;
  absl::erase_if(callers_, [&](const auto& entry) {
    const Caller& caller = entry.second;
    return caller.places == 0 && (many || now - caller.seen > kMemory || now < caller.seen);
  });
}

bool Shares::TryEnter(size_t caller, int taken, int limit, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Forget(now);
  Caller& own = callers_[caller];
  own.seen = now;
  const int part = std::max(limit / static_cast<int>(callers_.size()), 1);
  const bool alone = callers_.size() == 1;
  if (!alone && own.places >= part && taken > limit - limit / 4) return false;
  ++own.places;
  return true;
}

void Shares::See(size_t caller, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Forget(now);
  callers_[caller].seen = now;
}

void Shares::Leave(size_t caller) {
  const std::lock_guard lock(mutex_);
  const auto own = callers_.find(caller);
  if (own != callers_.end()) --own->second.places;
}

}  // namespace gateway::resilience
