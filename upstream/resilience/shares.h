// Shares the places under one limit between callers, and a caller's places between its stores, so
// that no caller and no store takes all places.
//
// A single caller may have all places. If there are several callers, each is sure of an equal part.
// A caller that has its part gets more places only while a quarter of all places is free; this
// quarter is kept for callers that have less. A caller's part is shared between its stores in a
// similar way. Once more than half of all places and three quarters of the part are taken, a store
// that has an equal portion of the part gets no more: the last quarter is kept for stores that have
// less.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_SHARES_H_
#define UPSTREAM_RESILIENCE_SHARES_H_

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class Shares {
 public:
  // The caller that a call is from, and the store that it is about. Equal numbers mean one caller,
  // or one store.
  struct Party {
    size_t caller = 0;
    size_t store = 0;
  };

  // A caller, or a store, is remembered and counts for this time after its last call.
  static constexpr absl::Duration kMemory = absl::Seconds(10);
  // The most callers that are remembered, and the most stores of one caller. If there are more, the
  // callers or stores without an open call are forgotten.
  static constexpr size_t kMostKnown = 1024;

  // Takes one more place for `party`. Returns false if the party's share does not allow this.
  // `taken` of the `limit` places are in use, including the place that is asked for. After true,
  // Leave must give the place back.
  bool TryEnter(const Party& party, int taken, int limit, SteadyTime now);
  void Leave(const Party& party);

  // Notes a party that was refused because no place was free. From now on the party counts, and so
  // the other callers leave room for it.
  void See(const Party& party, SteadyTime now);

 private:
  struct Store {
    int places = 0;
    SteadyTime seen;
  };
  struct Caller {
    int places = 0;
    SteadyTime seen;
    absl::flat_hash_map<size_t, Store> stores;
  };

  // Returns the caller's entry. Notes that the caller and the store were seen now.
  Caller& Find(const Party& party, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  absl::flat_hash_map<size_t, Caller> callers_ ABSL_GUARDED_BY(mutex_);
  SteadyTime forgot_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_SHARES_H_
