// Where the upstream's contract has moved away from the protos: every deviation of a successful
// reply is counted by field, and named in the log the first time in a while.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_TELEMETRY_DRIFT_LOG_H_
#define SERVICE_TELEMETRY_DRIFT_LOG_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/log/log.h"
#include "upstream/mapping/drift.h"
#include "upstream/steady_time.h"

namespace gateway {

class DriftLog {
 public:
  // `ids` of the call that met them.
  void Record(const std::vector<mapping::Drift>& drifts, const LogIds& ids = {},
              SteadyTime now = SteadyTime::Now());

  // By "kind field": "unknown_enum_text paynow.management.v1.OrderDto.status". Names come from the
  // protos alone, so there are never more than they have; an unknown member counts for its message.
  std::map<std::string, uint64_t> Counts() const;

 private:
  // Texts come from the upstream, and an object may be keyed by ids. In each period so many are
  // logged in all and of one field; beyond that they are counted only. After it, all are new again.
  static constexpr absl::Duration kPeriod = absl::Hours(1);
  static constexpr size_t kMaxLogged = 1000;
  static constexpr size_t kMaxLoggedOfField = 50;

  struct Entry {
    uint64_t count = 0;
    std::vector<std::string> logged;
  };

  mutable std::mutex mutex_;  // guards the rest
  absl::flat_hash_map<std::string, Entry> entries_;
  size_t logged_ = 0;
  SteadyTime period_begun_;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_DRIFT_LOG_H_
