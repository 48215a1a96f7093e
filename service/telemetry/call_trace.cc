#include "service/telemetry/call_trace.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr char kRequestId[] = "x-request-id";
constexpr char kTraceParent[] = "traceparent";
constexpr char kTraceState[] = "tracestate";

constexpr size_t kMaxRequestId = 128;

// The limit for one call: a stream may make thousands of attempts.
constexpr size_t kMostAttemptSpans = 128;

// All values of this name. They live as long as the context.
std::vector<absl::string_view> ValuesOf(const grpc::ServerContextBase& context, const char* name) {
  std::vector<absl::string_view> values;
  const auto [begin, end] = context.client_metadata().equal_range(name);
  for (auto it = begin; it != end; ++it) {
    values.emplace_back(it->second.data(), it->second.size());
  }
  return values;
}

// Reads the caller's trace context; nullopt if there is none.
std::optional<TraceContext> CallersTrace(const grpc::ServerContextBase& context) {
  const std::vector<absl::string_view> parents = ValuesOf(context, kTraceParent);
  if (parents.empty()) return std::nullopt;
  return ReadTraceContext(parents, ValuesOf(context, kTraceState));
}

bool IsRequestId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestId &&
         std::all_of(text.begin(), text.end(), absl::ascii_isgraph);
}

std::string RequestIdOf(const grpc::ServerContextBase& context) {
  const std::vector<absl::string_view> given = ValuesOf(context, kRequestId);
  if (given.size() == 1 && IsRequestId(given.front())) return std::string(given.front());
  return Text(NewTraceId());  // used as a random text
}

}  // namespace

CallTrace::CallTrace(const Telemetry& telemetry, const Operation& operation,
                     grpc::ServerContextBase& context)
    : telemetry_(telemetry),
      operation_(operation),
      call_(context),
      begun_(absl::Now()),
      request_id_(RequestIdOf(context)) {
  if (auto trace = CallersTrace(context)) {
    context_ = *std::move(trace);
    parent_ = context_.span_id;
  } else {
    context_.trace_id = NewTraceId();
    context_.sampled = IsSampled(context_.trace_id.low, telemetry.sample_ratio());
  }
  context_.span_id = NewSpanId();
  // Spans of a failed write are exported even if the trace is not sampled, and whether the write
  // fails is known only at its end.
  keeps_spans_ = telemetry.spans() != nullptr &&
                 (context_.sampled || operation.access == mapping::Access::kWrite);
  context.AddTrailingMetadata(kRequestId, request_id_);
}

LogIds CallTrace::ids() const {
  return {Text(context_.trace_id), Text(context_.span_id), request_id_};
}

void CallTrace::OnAttempt(http::HeaderLines& headers) {
  const TraceContext attempt{context_.trace_id, NewSpanId(), context_.sampled, {}};
  headers.Add(kTraceParent, ": ", TraceParent(attempt));
  if (!context_.state.empty()) headers.Add(kTraceState, ": ", context_.state);
  ++attempts_made_;
  if (!keeps_spans_ || attempts_.size() == kMostAttemptSpans) return;
  AttemptSpan& span = attempts_.emplace_back();
  span.id = attempt.span_id;
  span.begun = Now();
}

void CallTrace::OnResult(const http::Result& result) {
  const auto* error = std::get_if<http::Error>(&result);
  http_status_ = error == nullptr ? std::get<http::Response>(result).status : 0;
  if (!keeps_spans_ || attempts_.size() < static_cast<size_t>(attempts_made_)) return;
  AttemptSpan& attempt = attempts_.back();
  attempt.ended = Now();
  attempt.http_status = http_status_;
  if (error != nullptr) attempt.error = http::Name(error->kind);
}

void CallTrace::OnLedger(absl::string_view step, absl::string_view said, SteadyTime begun) {
  if (!keeps_spans_) return;
  ledger_.push_back({NewSpanId(), begun_ + (begun - started_), Now(), step, said});
}

void CallTrace::End(absl::StatusCode code, CallStats::End end, absl::string_view host) {
  const absl::Time now = Now();
  // The span id is a random number of the gateway, also if the caller began the trace.
  if (const auto left_out = telemetry_.access_log().Wants(end, context_.span_id)) {
    Log(code, end, now, *left_out);
  }
  const bool exports = context_.sampled || end != CallStats::End::kOk;
  if (!keeps_spans_ || !exports) return;
  if (end == CallStats::End::kNotSent && !telemetry_.spans()->WantsNotSent()) return;
  Export(code, end, now, host);
}

void CallTrace::Log(absl::StatusCode code, CallStats::End end, absl::Time now,
                    uint64_t left_out) const {
  telemetry_.access_log().Write({.operation = &operation_,
                                 .ended = now,
                                 .code = code,
                                 .end = end,
                                 .took = now - begun_,
                                 .http_status = http_status_,
                                 .attempts = attempts_made_,
                                 .left_out = left_out,
                                 .peer = call_.peer(),
                                 .ids = ids()});
}

void CallTrace::Export(absl::StatusCode code, CallStats::End end, absl::Time now,
                       absl::string_view host) {
  telemetry_.spans()->Export({.operation = &operation_,
                              .context = context_,
                              .parent = parent_,
                              .begun = begun_,
                              .ended = now,
                              .code = code,
                              .outcome = CallStats::Name(end),
                              .host = std::string(host),
                              .attempts = std::move(attempts_),
                              .ledger = std::move(ledger_)});
}

}  // namespace gateway
