// One RPC that is served: its names, and the statistics of its calls.
#ifndef SERVICE_CALL_METHOD_H_
#define SERVICE_CALL_METHOD_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <functional>
#include <string>

#include "service/call/unary_handler.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/operation.h"

namespace gateway {

struct Method {
  Operation operation;
  std::string path;            // "/paynow.management.v1.OrdersService/RefundOrder"
  size_t number = 0;           // as the authorizer counts methods
  bool audited = false;        // its calls have a line in the audit log
  bool without_store = false;  // its calls are never about a store
  CallStats stats = {};

  // False if the gateway itself answers: then no attempt is made.
  bool is_upstreams() const { return !operation.http_method.empty(); }
};

// A method and what serves it. Both outlive the server.
struct Endpoint {
  Method* method;
  std::string upstream;  // whose operation it is; empty where the gateway itself answers
  // A call that owns itself. The context and the reply are gRPC's, and live until it is done.
  std::function<UnaryCall*(grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)> serve;
  Replies replies = Replies::kOne;
};

}  // namespace gateway

#endif  // SERVICE_CALL_METHOD_H_
