// The limits and counters of either the reads or the writes of one upstream. Reads and writes have
// separate lanes because they fail and slow down separately: a read that fails, such as a report,
// must not stop writes, such as refunds.
//
// Thread-safety: may be used from any thread. Lifetime: the counters must outlive the lane.
#ifndef UPSTREAM_LANE_H_
#define UPSTREAM_LANE_H_

#include <atomic>
#include <cstdint>

#include "upstream/attempt_result.h"
#include "upstream/resilience/gate.h"

namespace gateway {

// For metrics. Counters only grow.
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
