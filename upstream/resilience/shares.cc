#include "upstream/resilience/shares.h"

#include <algorithm>

namespace gateway::resilience {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Seconds(1);

int PartOf(int limit, size_t parties) { return std::max(limit / static_cast<int>(parties), 1); }

int ThreeQuartersOf(int limit) { return limit - limit / 4; }

// Removes from a map of callers, or of stores, the entries that have no open call and were not seen
// for kMemory. If the map has too many entries, removes all entries without an open call.
template <typename Map>
void ForgetIdle(Map& all, SteadyTime now) {
  const bool many = all.size() > Shares::kMostKnown;
  absl::erase_if(all, [&](const auto& entry) {
    const auto& party = entry.second;
    // If `now` is earlier than the last call, the entry counts as idle, so that it is not kept for
    // long.
    const bool idle = now - party.seen > Shares::kMemory || now < party.seen;
    return party.places == 0 && (many || idle);
  });
}

}  // namespace

void Shares::Forget(SteadyTime now) {
  const bool due = now - forgot_ > kBetweenLooks || now < forgot_;
  if (!due && callers_.size() <= kMostKnown) return;
  forgot_ = now;
  ForgetIdle(callers_, now);
  for (auto& [caller, own] : callers_) ForgetIdle(own.stores, now);
}

Shares::Caller& Shares::Find(const Party& party, SteadyTime now) {
  Forget(now);
  Caller& own = callers_[party.caller];
  own.seen = now;
  if (own.stores.size() > kMostKnown) ForgetIdle(own.stores, now);
  own.stores[party.store].seen = now;
  return own;
}

bool Shares::TryEnter(const Party& party, int taken, int limit, SteadyTime now) {
  const MutexLock lock(mutex_);
  Caller& own = Find(party, now);
  const int part = PartOf(limit, callers_.size());
  if (callers_.size() > 1 && own.places >= part && taken > ThreeQuartersOf(limit)) return false;
  Store& store = own.stores[party.store];
  // While half of all places is free, no store is refused a place.
  const bool pressed = own.places >= ThreeQuartersOf(part) && taken > limit / 2;
  if (pressed && own.stores.size() > 1 && store.places >= PartOf(part, own.stores.size())) {
    return false;
  }
  ++own.places;
  ++store.places;
  return true;
}

void Shares::See(const Party& party, SteadyTime now) {
  const MutexLock lock(mutex_);
  Find(party, now);
}

void Shares::Leave(const Party& party) {
  const MutexLock lock(mutex_);
  const auto own = callers_.find(party.caller);
  if (own == callers_.end()) return;
  --own->second.places;
  const auto store = own->second.stores.find(party.store);
  if (store != own->second.stores.end()) --store->second.places;
}

}  // namespace gateway::resilience
