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
  size_t number = 0;           // its position in Authorizer::methods()
  bool audited = false;        // its calls have a line in the audit log
  bool without_store = false;  // its calls are never about a store
  CallStats stats = {};

  // False if the gateway itself answers: then no attempt is made.
  bool is_upstreams() const { return !operation.http_method.empty(); }
};

// A method and the function that serves it. Both must outlive the server.
struct Endpoint {
  Method* method;
  std::string upstream;  // the method's upstream; empty if the gateway itself answers
  // Creates a call, which owns itself. gRPC owns context and reply; they live until the call is
  // done.
  std::function<UnaryCall*(grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)> serve;
  Replies replies = Replies::kOne;
};

}  // namespace gateway

#endif  // SERVICE_CALL_METHOD_H_
