// Writes spans in OTLP's JSON form, one line for each batch, as a collector's `otlpjsonfile`
// receiver reads them (https://opentelemetry.io/docs/specs/otlp/, "JSON Protobuf Encoding").
// Attributes have the names of OpenTelemetry's semantic conventions for RPC servers and HTTP
// clients, or begin with `gateway.`.
//
// Values come only from the protos, the configuration and the wire's status. Spans hold nothing of
// a request or a reply, no header except `tracestate`, and no key.
//
// Thread-safety: pure functions.
#ifndef SERVICE_TELEMETRY_OTLP_JSON_H_
#define SERVICE_TELEMETRY_OTLP_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/telemetry/span.h"

namespace gateway {

// The process that reports: `instance` is the name of this machine or pod.
struct Resource {
  std::string version;
  std::string instance;
};

// {"resourceSpans": [...]} and a line's end.
std::string OtlpLine(const Resource& resource, const std::vector<CallSpan>& calls);

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_OTLP_JSON_H_
