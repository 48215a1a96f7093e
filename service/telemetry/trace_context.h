// W3C Trace Context, Level 1 (https://www.w3.org/TR/trace-context-1/): which trace a call belongs
// to, as `traceparent` and `tracestate` say it.
//
// The texts come from outside. Thread-safety: may be called from any thread.
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
  SpanId span_id = 0;  // of the parent of the next span
  bool sampled = false;
  std::string state;  // tracestate, perhaps shortened; empty: none
};

// Reads the caller's metadata; each name may occur several times. If there is not exactly one valid
// `traceparent`, returns nullopt and ignores `tracestate`: a new trace begins (3.2.2.2, 3.3).
std::optional<TraceContext> ReadTraceContext(const std::vector<absl::string_view>& traceparents,
                                             const std::vector<absl::string_view>& tracestates);

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": version 00 of the format.
std::string TraceParent(const TraceContext& context);

// Whether this random number falls into a share of `ratio`, 0 to 1. For a trace, pass the low half
// of its id, so that all systems that see the trace decide the same.
bool IsSampled(uint64_t random, double ratio);

// Neither is ever 0.
TraceId NewTraceId();
SpanId NewSpanId();

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_TRACE_CONTEXT_H_
