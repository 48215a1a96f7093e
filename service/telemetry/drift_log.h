// Records where the upstream's replies deviate from the protos. Every deviation of a successful
// reply is counted by field, and named in the log once in each period.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_TELEMETRY_DRIFT_LOG_H_
#define SERVICE_TELEMETRY_DRIFT_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/log/log.h"
#include "upstream/mapping/drift.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class DriftLog {
 public:
  // `ids` identify the call whose reply deviated.
  void Record(const std::vector<mapping::Drift>& drifts, const LogIds& ids = {},
              SteadyTime now = SteadyTime::Now());

  // Keyed by kind and field: "unknown_enum_text paynow.management.v1.OrderDto.status". Names come
  // only from the protos, so their number is bounded. An unknown member is counted under its
  // message.
  std::map<std::string, uint64_t> Counts() const;

 private:
  // The upstream chooses the texts, which may be ids. Each period has a limit of logged texts, in
  // all and per field; further ones are only counted. When a period ends, all texts count as new.
  static constexpr absl::Duration kPeriod = absl::Hours(1);
  static constexpr size_t kMaxLogged = 1000;
  static constexpr size_t kMaxLoggedOfField = 50;

  struct Entry {
    uint64_t count = 0;
    std::vector<std::string> logged;
  };

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  size_t logged_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyTime period_begun_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_DRIFT_LOG_H_
