// A Failure as callers see it: a gRPC status with a google.rpc.Status in grpc-status-details-bin.
//
//   ErrorInfo    always: reason, domain (who refused: the upstream's host, or kDomain), metadata:
//                outcome (not_sent, refused, unknown), operation, http_status, upstream_code,
//                trace_id (of the call's W3C trace)
//   BadRequest   where fields of the request are to blame
//   RequestInfo  the upstream's trace id
//   RetryInfo    when to come back
//
// All of it stays within the 8 KB that gRPC clients grant the trailers of a call; a larger status
// would reach its caller as RESOURCE_EXHAUSTED. Violations that do not fit are counted instead.
#ifndef SERVICE_CALL_STATUS_H_
#define SERVICE_CALL_STATUS_H_

#include <grpcpp/support/status.h>

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/failure.h"

namespace gateway {

// ErrorInfo.domain of what the gateway refuses itself.
inline constexpr absl::string_view kDomain = "billing-gateway";

// `operation` is the full name of the RPC, `upstream_host` the domain of what the upstream refuses;
// without a `trace_id` the error tells none.
grpc::Status ToStatus(const mapping::Failure& failure, absl::string_view operation,
                      absl::string_view upstream_host, absl::string_view trace_id = "");

// What a client that repeats calls by itself is told in the trailer `grpc-retry-pushback-ms`: -1 to
// leave it, a number of milliseconds to wait; nullopt where its own policy may decide. `read`: the
// call changes nothing.
std::optional<int64_t> RetryPushback(const mapping::Failure& failure, mapping::Access access);

}  // namespace gateway

#endif  // SERVICE_CALL_STATUS_H_
