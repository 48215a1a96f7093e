// The places under one limit, shared between callers, so that nobody takes all of them.
//
// A caller who is alone has all. Of several, each has an equal part for certain; beyond it a caller
// gets places only while a quarter of all is free, which so waits for those who have less.
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
  // Who has called within this time counts as a caller.
  static constexpr absl::Duration kMemory = absl::Seconds(10);
  // Of callers. Beyond it those without a call are forgotten at once.
  static constexpr size_t kMostKnown = 1024;

  // Whether `caller` may have one place more, of `limit`, of which `taken` are taken with it. To be
  // given back by Leave.
  bool TryEnter(size_t caller, int taken, int limit, SteadyTime now);
  void Leave(size_t caller);

  // The caller was refused where nothing was free at all: from now on the others leave room.
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
