// One line for each call that ended, or for a share of those that went well. Callers can fail as
// often as they like: of calls that were not sent, or refused, so many lines a second are written,
// and the next one says how many were left out ("left_out"). What is unknown always has its line.
//
//   {"time": ..., "severity": "warning", "event": "call", "operation":
//   "p.v1.OrdersService.RefundOrder",
//    "code": "NOT_FOUND", "outcome": "refused", "duration_us": 5321, "http_status": 404,
//    "attempts": 1, "peer": "ipv4:10.0.0.7:52110", "trace_id": ..., "span_id": ..., "request_id":
//    ...}
//
// These fields and no others: nothing of a request, a reply or their headers, but for the request
// id. A thread of its own writes the lines; where it falls behind they are dropped and counted.
//
// Thread-safety: may be used from any thread. Lifetime: the destructor writes what is left; the
// operations that entries point to must outlive it.
#ifndef SERVICE_TELEMETRY_ACCESS_LOG_H_
#define SERVICE_TELEMETRY_ACCESS_LOG_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/log/line_budget.h"
#include "service/log/log.h"
#include "service/telemetry/batcher.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/operation.h"

namespace gateway {

struct AccessEntry {
  const Operation* operation = nullptr;
  absl::Time ended;
  absl::StatusCode code = absl::StatusCode::kOk;
  CallStats::End end = CallStats::End::kOk;
  absl::Duration took;
  int http_status = 0;  // of the last attempt; 0: there was no reply
  int attempts = 0;
  uint64_t left_out = 0;  // calls that failed before, and have no line
  std::string peer;
  LogIds ids;
};

class AccessLog {
 public:
  // Of calls that failed; a burst of them may come at once.
  static constexpr double kFailuresPerSecond = 50;
  static constexpr double kFailuresAtOnce = 1000;

  // `sample_ratio`: share of the calls that went well, 0 to 1.
  explicit AccessLog(double sample_ratio, const BatcherOptions& options = {});

  // From now on this share.
  void SetSampleRatio(double sample_ratio) { sample_ratio_ = sample_ratio; }

  // Whether a call that ended so is written; if so, how many were left out before. `random`: of the
  // call.
  std::optional<uint64_t> Wants(CallStats::End end, uint64_t random);

  // Never blocks.
  void Write(AccessEntry entry) { batcher_.Push(std::move(entry)); }

  // Waits until all that came before is written.
  void Flush() { batcher_.Flush(); }

  uint64_t dropped() const { return batcher_.dropped(); }

 private:
  std::atomic<double> sample_ratio_;
  LineBudget failures_{kFailuresPerSecond, kFailuresAtOnce};
  Batcher<AccessEntry> batcher_;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_ACCESS_LOG_H_
