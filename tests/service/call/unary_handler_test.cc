// gRPC swallows what a call throws. The call must end all the same, or a drain waits for it for
// ever.
#include "service/call/unary_handler.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace gateway {
namespace {

constexpr char kPath[] = "/test.Service/Call";

// Answers, and then throws where it is told to.
class Throwing final : public UnaryCall {
 public:
  enum class Where { kOnMessage, kOnWritten };

  Throwing(Where where, grpc::ByteBuffer& reply, absl::Notification& done)
      : where_(where), reply_(reply), done_(done) {}

  void Begin() override { ReadMessage(); }
  void OnMessage(const grpc::ByteBuffer* message) override {
    if (where_ == Where::kOnWritten) return WriteMessage(*message);
    reply_ = *message;
    Finish(grpc::Status::OK);
    throw std::runtime_error("OnMessage");
  }
  void OnWritten(bool /*fine*/) override {
    Finish(grpc::Status::OK);
    throw std::runtime_error("OnWritten");
  }
  void OnDone() override {
    done_.Notify();
    delete this;
  }

 private:
  const Where where_;
  grpc::ByteBuffer& reply_;
  absl::Notification& done_;
};

class OneMethod final : public grpc::Service {
 public:
  OneMethod(Throwing::Where where, absl::Notification& done) {
    const bool writes = where == Throwing::Where::kOnWritten;
    AddMethod(new grpc::internal::RpcServiceMethod(kPath, writes ? kStreamMethod : kUnaryMethod,
                                                   nullptr));
    MarkMethodRawCallback(
        0, new UnaryHandler(
               [where, &done](grpc::CallbackServerContext&, grpc::ByteBuffer& reply) {
                 return new Throwing(where, reply, done);
               },
               writes ? Replies::kMany : Replies::kOne));
  }
};

TEST(UnaryHandlerTest, ACallThatThrowsIsDone) {
  for (const auto where : {Throwing::Where::kOnMessage, Throwing::Where::kOnWritten}) {
    absl::Notification done;
    OneMethod service(where, done);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    const auto channel = server->InProcessChannel({});
    const grpc::internal::RpcMethod method(kPath, grpc::internal::RpcMethod::NORMAL_RPC, channel);
    grpc::ClientContext context;
    const grpc::Slice bytes("message");
    const grpc::ByteBuffer request(&bytes, 1);
    grpc::ByteBuffer reply;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    const bool ended = done.WaitForNotificationWithTimeout(absl::Seconds(10));
    EXPECT_TRUE(ended);
    if (!ended) std::_Exit(1);  // the server would wait for ever
  }
}

}  // namespace
}  // namespace gateway
