// When it is believed that a write did not happen: two reads did not show it, both of them begun
// later than the upstream needs to show it, and begun as far apart.
//
// All times are of this process and of the steady clock, so that neither a step of the wall clock
// nor another process's clock makes an absence old. When there is no room for another entry, its
// absence is not believed.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_RECONCILE_ABSENCES_H_
#define SERVICE_RECONCILE_ABSENCES_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "service/ledger/entry.h"
#include "upstream/steady_time.h"

namespace gateway {

class Absences {
 public:
  // A look at the entry begins.
  void Look(const ledger::Entry& entry, SteadyTime begun);
  // The look that began then does not show the write: is that enough? `settle`: what the upstream
  // needs to show it.
  bool Believe(const ledger::Entry& entry, SteadyTime begun, absl::Duration settle);
  // A look showed something else.
  void Doubt(const ledger::Entry& entry);
  // The outcome is known.
  void Forget(const ledger::Entry& entry);

 private:
  using Key = std::pair<ledger::EntryId, int64_t>;  // an attempt of an entry
  struct Seen {
    SteadyTime first;                  // when the first look began
    std::optional<SteadyTime> absent;  // when the first of the looks began that do not show it
  };

  static Key KeyOf(const ledger::Entry& entry) { return {entry.id, entry.attempt}; }

  std::mutex mutex_;
  absl::flat_hash_map<Key, Seen> seen_;  // guarded by mutex_
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_ABSENCES_H_
