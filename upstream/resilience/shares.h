// Shares the places under one limit between callers, and a caller's places between its stores, so
// that none takes all of them.
//
// A single caller may have all places. If there are several, each is sure of an equal part. Beyond
// its part a caller gets places only while a quarter of all is free: those are kept for callers
// that have less. Within a caller's part the same holds for the stores that its calls are about: a
// quarter of the part is kept for stores that have less than an equal portion of it.
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
  // Whom a call is from and about. Equal numbers stand for the same caller, or store.
  struct Party {
    size_t caller = 0;
    size_t store = 0;
  };

  // A caller, or a store, counts for this time after its last call.
  static constexpr absl::Duration kMemory = absl::Seconds(10);
  // The most callers that are remembered, and stores of one caller. Beyond it, those without an
  // open call are forgotten.
  static constexpr size_t kMostKnown = 1024;

  // Takes one more place for `party`, if its share allows it. `taken` of the `limit` places are in
  // use, this one included. If true, Leave must give the place back.
  bool TryEnter(const Party& party, int taken, int limit, SteadyTime now);
  void Leave(const Party& party);

  // Notes a party that was refused because no place was free: from now on the others leave room.
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

  // The caller and its store, seen now.
  Caller& Find(const Party& party, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  absl::flat_hash_map<size_t, Caller> callers_ ABSL_GUARDED_BY(mutex_);
  SteadyTime forgot_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfinitePast();
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_SHARES_H_
