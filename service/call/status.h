// A Failure as callers see it: a gRPC status with a google.rpc.Status in grpc-status-details-bin.
//
//   detail       content
//   ErrorInfo    always: reason, domain (who refused: the upstream's host, or kDomain), metadata:
//                outcome (not_sent, refused, unknown), operation, http_status, upstream_code,
//                trace_id (of the call's W3C trace)
//   BadRequest   the violations, if fields of the request are wrong
//   RequestInfo  the upstream's trace id, if it sent one
//   RetryInfo    the delay before a retry, if it is known
//
// The whole status stays within the 8 KB that gRPC clients accept as the trailers of a call; a
// larger status would reach the caller as RESOURCE_EXHAUSTED. Violations that do not fit are only
// counted.
#ifndef SERVICE_CALL_STATUS_H_
#define SERVICE_CALL_STATUS_H_

#include <grpcpp/support/status.h>

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/failure.h"

namespace gateway {

// ErrorInfo.domain of errors that the gateway itself raises.
inline constexpr absl::string_view kDomain = "billing-gateway";

// `operation` is the full name of the RPC. `upstream_host` is the domain of errors that the
// upstream raises. If `trace_id` is empty, the ErrorInfo has no trace_id.
grpc::Status ToStatus(const mapping::Failure& failure, absl::string_view operation,
                      absl::string_view upstream_host, absl::string_view trace_id = "");

// The value of the trailer `grpc-retry-pushback-ms`, which tells clients with a gRPC retry policy
// what to do: -1 not to retry; otherwise how many milliseconds to wait. Returns nullopt if the
// client's policy may decide. With Access::kRead, an unknown outcome forbids no retry.
std::optional<int64_t> RetryPushback(const mapping::Failure& failure, mapping::Access access);

}  // namespace gateway

#endif  // SERVICE_CALL_STATUS_H_
