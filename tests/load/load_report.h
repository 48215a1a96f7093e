// The results of the calls of a load: counts, latencies, and whether the upstream's executions
// agree with what callers were told.
//
// Thread-safety: none needed; these are values.
//
//   EXPECT_EQ(report.Count(&CallRecord::ok), report.calls.size());
//   EXPECT_THAT(Contradictions(report, upstream.counters()), testing::IsEmpty());
#ifndef TESTS_LOAD_LOAD_REPORT_H_
#define TESTS_LOAD_LOAD_REPORT_H_

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/load/capacity_upstream.h"

namespace gateway::load {

// The `outcome` in an error's ErrorInfo. kNone: there is no ErrorInfo, so gRPC made the error, not
// the gateway.
enum class Told : uint8_t { kOk, kNotSent, kRefused, kUnknown, kNone };

struct CallRecord {
  uint64_t marker = 0;
  absl::Time ended;
  float milliseconds = 0;
  float overdue_milliseconds = 0;  // after the deadline; negative: before it
  grpc::StatusCode code = grpc::StatusCode::OK;
  Told told = Told::kOk;
  bool write = false;

  bool any() const { return true; }
  bool ok() const { return told == Told::kOk; }
  bool failed() const { return !ok(); }
  // An error without the gateway's ErrorInfo, so that gRPC made it. DEADLINE_EXCEEDED is left out:
  // the client's gRPC library makes this error itself when the call's deadline passes, which is no
  // fault.
  bool foreign() const {
    return told == Told::kNone && code != grpc::StatusCode::DEADLINE_EXCEEDED;
  }
  // Cut off by the gateway's shutdown: CANCELLED, although nobody cancelled the call.
  bool cut_off() const { return foreign() && code == grpc::StatusCode::CANCELLED; }
  // An answer that promises that a retry is safe.
  bool shed() const { return told == Told::kNotSent && code == grpc::StatusCode::UNAVAILABLE; }
};

Told ToldBy(const grpc::Status& status);

struct LoadReport {
  std::vector<CallRecord> calls;
  // The message of the first error without an ErrorInfo.
  std::string first_foreign_error;
  absl::Time began;
  absl::Duration lasted;

  int64_t Count(bool (CallRecord::*matches)() const) const;
  // The latency in milliseconds that this share of the matching calls does not exceed; 0 without
  // such calls.
  double Percentile(double share, bool (CallRecord::*matches)() const) const;
  // Matching calls per second.
  double Rate(bool (CallRecord::*matches)() const) const;
  float MostOverdue() const;
  // The calls that ended at least this long after the beginning.
  LoadReport After(absl::Duration settling) const;
  // Returns "OK 93, UNAVAILABLE not_sent 7", for example.
  std::string Summary() const;
};

// Returns contradictions between the upstream's executions and what callers were told, one line
// each, at most ten. An OK write must be executed once, a write that was not sent never, and no
// write twice.
std::vector<std::string> Contradictions(const LoadReport& report,
                                        const CapacityUpstream::Counters& upstream);

}  // namespace gateway::load

#endif  // TESTS_LOAD_LOAD_REPORT_H_
