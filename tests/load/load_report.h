// What became of the calls of a load: counts, latencies, and whether the upstream's executions
// agree with what callers were told.
//
// Thread-safety: none needed: values.
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

// What an error's ErrorInfo says; kNone: it has none, so the client's own gRPC library made it.
enum class Told : uint8_t { kOk, kNotSent, kRefused, kUnknown, kNone };

struct CallRecord {
  uint64_t marker = 0;
  absl::Time ended;
  float milliseconds = 0;
  float overdue_milliseconds = 0;  // after its deadline; negative where before
  grpc::StatusCode code = grpc::StatusCode::OK;
  Told told = Told::kOk;
  bool write = false;

  bool any() const { return true; }
  bool ok() const { return told == Told::kOk; }
  bool failed() const { return !ok(); }
  // An error that the gateway did not make. A deadline is also the client's own.
  bool foreign() const {
    return told == Told::kNone && code != grpc::StatusCode::DEADLINE_EXCEEDED;
  }
  // By the gateway's end, in the middle of the call: CANCELLED, which nobody asked for.
  bool cut_off() const { return foreign() && code == grpc::StatusCode::CANCELLED; }
  // The answer that promises that a repeat is safe.
  bool shed() const { return told == Told::kNotSent && code == grpc::StatusCode::UNAVAILABLE; }
};

Told ToldBy(const grpc::Status& status);

struct LoadReport {
  std::vector<CallRecord> calls;
  // Of the first error without an ErrorInfo, and how many there were.
  std::string first_foreign_error;
  absl::Time began;
  absl::Duration lasted;

  int64_t Count(bool (CallRecord::*matches)() const) const;
  // Of the calls that match: their latency, which this share of them does not exceed. 0 without
  // such calls.
  double Percentile(double share, bool (CallRecord::*matches)() const) const;
  // Calls that match, a second.
  double Rate(bool (CallRecord::*matches)() const) const;
  float MostOverdue() const;
  // The part that ended at least this long after the beginning.
  LoadReport After(absl::Duration settling) const;
  // "OK 93, UNAVAILABLE not_sent 7"
  std::string Summary() const;
};

// What the upstream did and callers were told otherwise; one line each, at most ten. An OK write
// was executed once, a write that was not sent not at all, and none twice.
std::vector<std::string> Contradictions(const LoadReport& report,
                                        const CapacityUpstream::Counters& upstream);

}  // namespace gateway::load

#endif  // TESTS_LOAD_LOAD_REPORT_H_
