// The trace of one call: continues the caller's trace or begins one, gives the ids that connect the
// call's log lines, error and upstream attempts, and reports the call when it ends.
//
//   CallTrace trace(telemetry, operation, context);
//   Log(Severity::kWarning, "...", trace.ids(), {...});
//   client->Call(..., &trace);
//   trace.End(code, end, client->host());
//
// Thread-safety: as AttemptObserver says. Lifetime: belongs to its call.
#ifndef SERVICE_TELEMETRY_CALL_TRACE_H_
#define SERVICE_TELEMETRY_CALL_TRACE_H_

#include <grpcpp/server_context.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/log/log.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/operation.h"
#include "service/telemetry/span.h"
#include "service/telemetry/telemetry.h"
#include "service/telemetry/trace_context.h"
#include "upstream/attempt_observer.h"
#include "upstream/steady_time.h"

namespace gateway {

class CallTrace final : public AttemptObserver, public LogIdSource {
 public:
  // Reads the caller's metadata, and adds the trailer `x-request-id`: what the caller sent under
  // this name, if that is 1 to 128 visible ASCII characters, or else a new one.
  CallTrace(const Telemetry& telemetry, const Operation& operation,
            grpc::ServerContextBase& context);

  absl::Time begun() const { return begun_; }
  // The time since begun(), even if the wall clock was changed.
  absl::Duration elapsed() const { return SteadyTime::Now() - started_; }
  LogIds ids() const override;
  std::string trace_id() const { return Text(context_.trace_id); }

  // Each attempt is a child span of the call's span, and sends its own id upstream.
  void OnAttempt(http::HeaderLines& headers) override;
  void OnResult(const http::Result& result) override;

  // Records that the ledger did `step` for the call, from `begun` until now, with the result
  // `said`. Both texts must be constants.
  void OnLedger(absl::string_view step, absl::string_view said, SteadyTime begun);

  // Must be called once, just before the call's answer goes out. `host` is the upstream's. Writes
  // the access log's line if AccessLog wants it, and the spans if the trace is sampled or the call
  // is a write that did not succeed.
  void End(absl::StatusCode code, CallStats::End end, absl::string_view host);

 private:
  // The wall clock at the beginning, plus the steady time since then.
  absl::Time Now() const { return begun_ + elapsed(); }
  void Log(absl::StatusCode code, CallStats::End end, absl::Time now, uint64_t left_out) const;
  void Export(absl::StatusCode code, CallStats::End end, absl::Time now, absl::string_view host);

  const Telemetry& telemetry_;
  const Operation& operation_;
  const grpc::ServerContextBase& call_;
  const absl::Time begun_;
  const SteadyTime started_ = SteadyTime::Now();
  SpanId parent_ = 0;
  TraceContext context_;  // its span is the call's own
  std::string request_id_;
  int attempts_made_ = 0;
  int http_status_ = 0;  // of the last attempt
  bool keeps_spans_ = false;
  AttemptSpans attempts_;  // empty unless keeps_spans_
  LedgerSpans ledger_;     // empty unless keeps_spans_
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_CALL_TRACE_H_
