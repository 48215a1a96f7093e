// The life of one call, from its headers to the bytes or the status that it sends back:
//
//   metadata, authorization -> message -> deadline -> Client::Call
//     ... -> reply bytes or status, with trailers -> Finish -> OnDone
//
// Nothing waits: between Call and its answer no thread belongs to the call.
#ifndef SERVICE_CALL_CALL_H_
#define SERVICE_CALL_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include "service/authorization/authorizer.h"
#include "service/call/arrivals.h"
#include "service/call/in_flight.h"
#include "service/call/unary_handler.h"
#include "service/generation/backend.h"
#include "service/telemetry/audit_log.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/drift_log.h"
#include "service/telemetry/operation.h"
#include "service/telemetry/telemetry.h"
#include "upstream/mapping/route.h"

namespace gateway {

// What all calls of one RPC share. Everything pointed to outlives the server.
struct Endpoint {
  const mapping::Route* route;
  const BackendSlot* backend;
  DriftLog* drift;
  InFlight* in_flight;
  Arrivals* arrivals;
  size_t max_metadata_bytes;
  CallStats* stats;
  authorization::Authorizer* authorizer;
  size_t method;  // as the authorizer counts them
  const Operation* operation;
  const Telemetry* telemetry;
  AuditLog* audit;  // of writes, and of calls that carry credentials; null: none is kept
};

// A call that owns itself. `context` and `reply` are gRPC's and live until it is done.
UnaryCall* MakeCall(const Endpoint& endpoint, grpc::CallbackServerContext& context,
                    grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_H_
