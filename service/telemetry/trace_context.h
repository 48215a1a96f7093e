// W3C Trace Context, Level 1 (https://www.w3.org/TR/trace-context-1/): which trace a call belongs
// to, as `traceparent` and `tracestate` say it.
//
// Pure functions over texts from outside; safe to call from any thread.
#ifndef SERVICE_TELEMETRY_TRACE_CONTEXT_H_
#define SERVICE_TELEMETRY_TRACE_CONTEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

// 16 bytes; all zero stands for none.
struct TraceId {
  uint64_t high = 0;
  uint64_t low = 0;

  bool operator==(const TraceId&) const = default;
};

// 8 bytes; 0 stands for none.
using SpanId = uint64_t;

// 32 and 16 lower-case hexadecimal digits.
std::string Text(const TraceId& id);
std::string Text(SpanId id);

struct TraceContext {
  TraceId trace_id;
  SpanId span_id = 0;  // of the span that the next one is a child of
  bool sampled = false;
  std::string state;  // other systems' notes, as they came; empty for none
};

// Reads the caller's metadata; each name may occur several times. Returns nullopt unless there is
// exactly one `traceparent` and it is valid: then a new trace begins, and `tracestate` is ignored
// (3.2.2.2, 3.3).
std::optional<TraceContext> ReadTraceContext(const std::vector<absl::string_view>& traceparents,
                                             const std::vector<absl::string_view>& tracestates);

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": version 00 of the format.
std::string TraceParent(const TraceContext& context);

// Whether this random number falls into a share of `ratio`, 0 to 1. For a trace, pass the low half
// of its id: then everybody who sees the trace decides alike.
bool IsSampled(uint64_t random, double ratio);

// Neither is ever 0.
TraceId NewTraceId();
SpanId NewSpanId();

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_TRACE_CONTEXT_H_
