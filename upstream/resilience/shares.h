// Shares the places under one limit between callers, so that no caller takes all of them.
//
// A single caller may have all places. If there are several, each is sure of an equal part. Beyond
// its part a caller gets places only while a quarter of all is free: those are kept for callers
// that have less.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_RESILIENCE_SHARES_H_
#define UPSTREAM_RESILIENCE_SHARES_H_

#include <cstddef>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::resilience {

class Shares {
 public:
  // A caller counts for this time after its last call.
  static constexpr absl::Duration kMemory = absl::Seconds(10);
  // The most callers that are remembered. Beyond it, callers without an open call are forgotten.
  static constexpr size_t kMostKnown = 1024;

  // Takes one more place for `caller`, if its share allows it. `taken` of the `limit` places are in
  // use, this one included. If true, Leave must give the place back.
  bool TryEnter(size_t caller, int taken, int limit, SteadyTime now);
  void Leave(size_t caller);

  // Notes a caller that was refused because no place was free: from now on the others leave room.
  void See(size_t caller, SteadyTime now);

 private:
  struct Caller {
    int places = 0;
    SteadyTime seen;
  };

  void Forget(SteadyTime now);

  std::mutex mutex_;
  // Guarded by mutex_.
  absl::flat_hash_map<size_t, Caller> callers_;
  SteadyTime forgot_ = SteadyTime::InfinitePast();
};

}  // namespace gateway::resilience

#endif  // UPSTREAM_RESILIENCE_SHARES_H_
