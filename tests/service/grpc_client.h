// Unary calls for tests: JSON in, JSON out, by the descriptors that the gateway itself embeds.
//
// Thread-safety: may be used from any thread.
//
//   const RpcAnswer answer = CallRpc(address, "paynow.management.v1.OrdersService/GetOrders",
//   "{}");
#ifndef TESTS_SERVICE_GRPC_CLIENT_H_
#define TESTS_SERVICE_GRPC_CLIENT_H_

#include <grpcpp/support/status.h>

#include <map>
#include <string>

namespace gateway {

struct RpcAnswer {
  grpc::Status status;
  std::string reply;  // JSON; empty unless OK
  std::multimap<std::string, std::string> trailers;
};

// Waits half a minute at most. With `deadline_set` false the server sees no deadline.
RpcAnswer CallRpc(const std::string& address, const std::string& method, const std::string& request,
                  bool deadline_set = true);

}  // namespace gateway

#endif  // TESTS_SERVICE_GRPC_CLIENT_H_
