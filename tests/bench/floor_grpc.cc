// The lower bound for any service on gRPC C++: a server that returns the bytes that it was given,
// or never answers.
//
//   floor_grpc PORT   (127.0.0.1, plain text; floor.Echo/Call and CreateCheckoutSession echo,
//                      floor.Echo/Wait waits)
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {

// Waits until its client cancels.
class Waiting final : public grpc::ServerUnaryReactor {
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
};

class Echo final : public grpc::Service {
 public:
  Echo() {
    AddEcho("/floor.Echo/Call");
    // Echoes under this long name too: gRPC reads the method name of each call, so it costs more.
    AddEcho("/paynow.management.v1.CheckoutService/CreateCheckoutSession");
    Add("/floor.Echo/Wait",
        [](grpc::CallbackServerContext*, const grpc::ByteBuffer*,
           grpc::ByteBuffer*) -> grpc::ServerUnaryReactor* { return new Waiting; });
  }

 private:
  template <typename Handler>
  void Add(const char* name, Handler handler) {
    using grpc::ByteBuffer;
    using grpc::internal::RpcServiceMethod;
    AddMethod(new RpcServiceMethod(name, RpcServiceMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        methods_++, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(handler));
  }

  void AddEcho(const char* name) {
    Add(name, [](grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                 grpc::ByteBuffer* out) {
      *out = *in;
      grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
      reactor->Finish(grpc::Status::OK);
      return reactor;
    });
  }

  int methods_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Echo echo;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::puts("serving");
  std::fflush(stdout);
  server->Wait();
}
