// Reads and writes of one upstream fail and slow down apart: a broken report must not stop refunds.
// Each of the two has a lane.
//
// Thread-safety: may be used from any thread. Lifetime: the counters outlive the lane.
#ifndef UPSTREAM_LANE_H_
#define UPSTREAM_LANE_H_

#include <atomic>
#include <cstdint>

#include "upstream/attempt_result.h"
#include "upstream/resilience/gate.h"

namespace gateway {

// Only grow; for metrics.
struct LaneCounters {
  AttemptCounts attempts{};
  std::atomic<uint64_t> unknown{0};  // calls that failed with outcome unknown
};

struct Lane {
  resilience::Gate gate;
  LaneCounters& counters;
};

}  // namespace gateway

#endif  // UPSTREAM_LANE_H_
