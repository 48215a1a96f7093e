// The life of one call, from the bytes that gRPC hands over to the bytes or the status that it
// sends back:
//
//   who, and may they -> deadline -> Client::Call ... -> reply bytes or status, trailers -> Finish
//   -> OnDone
//
// Nothing waits: between Call and its answer no thread belongs to the call.
#ifndef SERVICE_CALL_H_
#define SERVICE_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "service/audit_log.h"
#include "service/authorization/authorizer.h"
#include "service/backend.h"
#include "service/call_stats.h"
#include "service/drift_log.h"
#include "service/in_flight.h"
#include "service/operation.h"
#include "service/telemetry.h"
#include "upstream/mapping/route.h"

namespace gateway {

// What all calls of one RPC share. Everything pointed to outlives the server.
struct Endpoint {
  const mapping::Route* route;
  const BackendSlot* backend;
  DriftLog* drift;
  InFlight* in_flight;
  CallStats* stats;
  authorization::Authorizer* authorizer;
  size_t method;  // as the authorizer counts them
  const Operation* operation;
  const Telemetry* telemetry;
  AuditLog* audit;  // of writes, and of calls that carry credentials; null: none is kept
};

// Begins the call; the reactor owns itself. `request` and `reply` are gRPC's and live until the
// call is done.
grpc::ServerUnaryReactor* StartCall(const Endpoint& endpoint, grpc::CallbackServerContext& context,
                                    const grpc::ByteBuffer& request, grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_H_
