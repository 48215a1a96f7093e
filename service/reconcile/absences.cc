#include "service/reconcile/absences.h"

namespace gateway {
namespace {

// Looks at an UNKNOWN entry are at most ledger::Options::max_pause apart. What was not looked at
// for twice that has ended, or another replica looks at it.
constexpr absl::Duration kLeftAlone = absl::Hours(2);

}  // namespace

void Absences::Look(const ledger::Entry& entry, SteadyTime begun) {
  const MutexLock lock(mutex_);
  if (const auto seen = seen_.find(KeyOf(entry)); seen != seen_.end()) {
    seen->second.last = begun;
    return;
  }
  if (seen_.size() >= kMostSeen) {
    absl::erase_if(seen_, [&](const auto& seen) { return begun > seen.second.last + kLeftAlone; });
  }
  if (seen_.size() < kMostSeen) seen_.emplace(KeyOf(entry), Seen{begun, begun, std::nullopt});
}

Absences::Belief Absences::Believe(const ledger::Entry& entry, SteadyTime begun,
                                   absl::Duration settle) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(KeyOf(entry));
  if (found == seen_.end()) return kTooEarly;
  Seen& seen = found->second;
  if (begun < seen.first + settle) return kTooEarly;
  if (seen.absent) return begun >= *seen.absent + settle ? kDidNotHappen : kNotShown;
  seen.absent = begun;
  return kNotShown;
}

void Absences::Doubt(const ledger::Entry& entry) {
  const MutexLock lock(mutex_);
  const auto seen = seen_.find(KeyOf(entry));
  if (seen != seen_.end()) seen->second.absent.reset();
}

void Absences::Forget(const ledger::Entry& entry) {
  const MutexLock lock(mutex_);
  seen_.erase(KeyOf(entry));
}

}  // namespace gateway
