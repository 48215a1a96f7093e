// What no service on gRPC C++ can beat: a server that hands back the bytes it was given.
//
//   floor_grpc PORT   (floor.Echo/Call, plain text, 127.0.0.1)
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {

class Echo final : public grpc::Service {
 public:
  Echo() {
    using grpc::ByteBuffer;
    using grpc::internal::RpcServiceMethod;
    AddMethod(new RpcServiceMethod("/floor.Echo/Call", RpcServiceMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        0, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
               [](grpc::CallbackServerContext* context, const ByteBuffer* in, ByteBuffer* out) {
                 *out = *in;
                 grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
                 reactor->Finish(grpc::Status::OK);
                 return reactor;
               }));
  }
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
