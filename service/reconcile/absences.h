// Decides when to believe that a write did not happen: two reads must not show it. The first of
// these reads must begin at least `settle` after the first look at the entry, and the second read
// at least `settle` after the first read. `settle` is the time that the upstream needs until reads
// show a write.
//
// All times are from this process's steady clock, so that neither a step of the wall clock nor
// another process's clock can make an absence seem older than it is. If there is no room to
// remember another entry, the entries that nobody looks at any more are forgotten. If all are still
// looked at, the absence of the new entry is not believed.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_RECONCILE_ABSENCES_H_
#define SERVICE_RECONCILE_ABSENCES_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "service/ledger/entry.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class Absences {
 public:
  static constexpr size_t kMostSeen = 10'000;

  // Records that a look at the entry begins.
  void Look(const ledger::Entry& entry, SteadyTime begun);
  enum Belief {
    kTooEarly,  // the look proves nothing
    kNotShown,  // it should have shown the write; another such look is needed
    kDidNotHappen,
  };
  // Records that the look that began at `begun` did not show the write. Returns what this proves.
  Belief Believe(const ledger::Entry& entry, SteadyTime begun, absl::Duration settle);
  // Records that a look showed something else: earlier absences no longer count.
  void Doubt(const ledger::Entry& entry);
  // Must be called when the outcome is known, or the attempt is no longer the entry's.
  void Forget(const ledger::Entry& entry);

 private:
  using Key = std::pair<ledger::EntryId, int64_t>;  // an attempt of an entry
  struct Seen {
    SteadyTime first;                  // when the first look began
    SteadyTime last;                   // when the last one began
    std::optional<SteadyTime> absent;  // when the first look that counts as an absence began
  };

  static Key KeyOf(const ledger::Entry& entry) { return {entry.id, entry.attempt}; }

  Mutex mutex_;
  absl::flat_hash_map<Key, Seen> seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_ABSENCES_H_
