// Unary calls for tests: JSON in, JSON out, by the descriptors that the gateway itself embeds.
//
// Thread-safety: may be used from any thread.
//
//   const RpcAnswer answer = CallRpc(address, "paynow.management.v1.OrdersService/GetOrders",
//   "{}");
#ifndef TESTS_SERVICE_GRPC_CLIENT_H_
#define TESTS_SERVICE_GRPC_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace gateway {

using RpcMetadata = std::multimap<std::string, std::string>;

struct RpcAnswer {
  grpc::Status status;
  std::string reply;  // JSON; empty unless OK
  std::multimap<std::string, std::string> trailers;
};

// Waits half a minute at most. With `deadline_set` false the server sees no deadline.
RpcAnswer CallRpc(const std::string& address, const std::string& method, const std::string& request,
                  bool deadline_set = true);

// Options for tests that care how a call is made.
struct RpcOptions {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  RpcMetadata metadata = {};
  // The channel to call on; null: the call gets its own.
  std::shared_ptr<grpc::Channel> channel = nullptr;
  std::chrono::milliseconds deadline = std::chrono::seconds(30);
};

RpcAnswer CallRpc(const std::string& address, const std::string& method, const std::string& request,
                  const RpcOptions& options);

// The bytes of the method's request, from JSON.
std::string RequestBytes(const std::string& method, const std::string& json);

// Calls any method with these bytes, even one that the gateway does not have. Returns the status.
grpc::Status StatusOf(const std::string& address, const std::string& method,
                      const std::string& request = "", const RpcOptions& options = {});

// As StatusOf, but returns the trailers too. The reply is left out.
RpcAnswer CallBytesOf(const std::string& address, const std::string& method,
                      const std::string& request, const RpcOptions& options);

// A channel that shares no connection with others.
std::shared_ptr<grpc::Channel> OwnChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// A stream of grpc.health.v1.Health/Watch, open as long as this object.
//
// Thread-safety: one thread.
class HealthWatch {
 public:
  explicit HealthWatch(const std::string& address);
  ~HealthWatch();

  // Waits for the next message. Returns false if its status is not SERVING, or if the stream ends.
  bool NextIsServing();

 private:
  // Waits for the operation that was begun last. Returns whether it succeeded.
  bool Succeeded();

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_GRPC_CLIENT_H_
