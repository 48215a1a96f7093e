#include "service/reconcile/absences.h"

namespace gateway {
namespace {

constexpr size_t kMostSeen = 10'000;

}  // namespace

void Absences::Look(const ledger::Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (seen_.size() >= kMostSeen) seen_.clear();
  seen_.try_emplace(KeyOf(entry), Seen{SteadyTime::Now(), std::nullopt});
}

bool Absences::Believe(const ledger::Entry& entry, absl::Duration settle) {
  const SteadyTime now = SteadyTime::Now();
  const std::lock_guard lock(mutex_);
  Seen& seen = seen_.try_emplace(KeyOf(entry), Seen{now, std::nullopt}).first->second;
  if (now < seen.first + settle) return false;
  if (seen.absent) return now >= *seen.absent + settle;
  seen.absent = now;
  return false;
}

void Absences::Doubt(const ledger::Entry& entry) {
  const std::lock_guard lock(mutex_);
  const auto seen = seen_.find(KeyOf(entry));
  if (seen != seen_.end()) seen->second.absent.reset();
}

void Absences::Forget(const ledger::Entry& entry) {
  const std::lock_guard lock(mutex_);
  seen_.erase(KeyOf(entry));
}

}  // namespace gateway
