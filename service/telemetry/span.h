// One call as spans: the gateway's own, one for each attempt upstream, and one for each thing that
// the ledger did for it.
#ifndef SERVICE_TELEMETRY_SPAN_H_
#define SERVICE_TELEMETRY_SPAN_H_

#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/telemetry/operation.h"
#include "service/telemetry/trace_context.h"

namespace gateway {

struct AttemptSpan {
  SpanId id = 0;
  absl::Time begun;
  absl::Time ended;
  int http_status = 0;      // 0: there was no reply
  absl::string_view error;  // name of the transport's error; empty if there was a reply
};
using AttemptSpans = absl::InlinedVector<AttemptSpan, 1>;

struct LedgerSpan {
  SpanId id = 0;
  absl::Time begun;
  absl::Time ended;
  absl::string_view step;  // "claim"; a constant
  absl::string_view said;  // "replayed"; a constant
};
using LedgerSpans = absl::InlinedVector<LedgerSpan, 3>;

struct CallSpan {
  const Operation* operation = nullptr;  // outlives the span
  TraceContext context;                  // of the call's own span
  SpanId parent = 0;                     // the caller's; 0 if the trace begins here
  absl::Time begun;
  absl::Time ended;
  absl::StatusCode code = absl::StatusCode::kOk;
  absl::string_view outcome;  // a constant
  std::string host;           // of the upstream
  AttemptSpans attempts;
  LedgerSpans ledger = {};
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_SPAN_H_
