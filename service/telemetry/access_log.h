// Writes one line for each call that ended. Successful calls are sampled. Calls that were not sent
// or were refused are limited to a number of lines a second, because callers can fail as often as
// they like; the next line says how many were left out ("left_out"). A call with outcome unknown
// always has its line.
//
//   {"time": ..., "severity": "warning", "event": "call",
//    "operation": "p.v1.OrdersService.RefundOrder",
//    "code": "NOT_FOUND", "outcome": "refused", "duration_us": 5321, "http_status": 404,
//    "attempts": 1, "peer": "ipv4:10.0.0.7:52110",
//    "trace_id": ..., "span_id": ..., "request_id": ...}
//
// A line holds no other fields: nothing of a request, a reply or their headers except the request
// id. A thread writes the lines; if it falls behind, lines are dropped and counted.
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
  uint64_t left_out = 0;  // failed calls before this call that got no line
  std::string peer;
  LogIds ids;
};

class AccessLog {
 public:
  // Lines of failed calls; a burst of them may pass at once.
  static constexpr double kFailuresPerSecond = 50;
  static constexpr double kFailuresAtOnce = 1000;

  // `sample_ratio`: share of the calls that went well, 0 to 1.
  explicit AccessLog(double sample_ratio, const BatcherOptions& options = {});

  // Changes the share of successful calls that are written.
  void SetSampleRatio(double sample_ratio) { sample_ratio_ = sample_ratio; }

  // Returns nullopt if a call with this end gets no line. Otherwise returns how many failed calls
  // were left out before it. `random` is a random number of the call, for sampling.
  std::optional<uint64_t> Wants(CallStats::End end, uint64_t random);

  // Never blocks.
  void Write(AccessEntry entry) { batcher_.Push(std::move(entry)); }

  // Waits until all entries from before are written.
  void Flush() { batcher_.Flush(); }

  uint64_t dropped() const { return batcher_.dropped(); }

 private:
  std::atomic<double> sample_ratio_;
  LineBudget failures_{kFailuresPerSecond, kFailuresAtOnce};
  Batcher<AccessEntry> batcher_;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_ACCESS_LOG_H_
