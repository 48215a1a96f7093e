// A method with one request message. Its call begins as soon as the headers have arrived, and the
// message is read only when the call asks for it:
//
//   headers -> UnaryCall::Begin ... ReadMessage() -> OnMessage -> ... Finish -> OnDone
//
// It answers with one message, or with a stream of them:
//
//   OnMessage ... WriteMessage(m) -> OnWritten ... WriteMessage(m) -> OnWritten ... Finish ->
//   OnDone
//
// A method with a stream of answers may also take a stream of messages: call ReadMessage again
// after each OnMessage.
//
// gRPC's own handler for unary methods begins a call only when its whole message is there. So
// anybody who can send headers could fill the memory with forbidden or endless messages. This
// handler costs no more: gRPC's handler reads the message by the same operation.
//
// gRPC 1.51 lets only its own templates begin and end a call. Hence this handler is a
// specialization of such a template.
//
//   AddMethod(new RpcServiceMethod(path, kUnaryMethod, nullptr));
//   MarkMethodRawCallback(0, new UnaryHandler([](grpc::CallbackServerContext& context,
//                                                grpc::ByteBuffer& reply) {
//     return new Call(...);
//   }));
//
// Thread-safety: like gRPC's reactors. Lifetime: a UnaryCall owns itself; the context and the reply
// live until its OnDone.
#ifndef SERVICE_CALL_UNARY_HANDLER_H_
#define SERVICE_CALL_UNARY_HANDLER_H_

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

namespace gateway {

// For methods of these types, gRPC reads a message only when the handler asks for it.
inline constexpr auto kUnaryMethod = grpc::internal::RpcMethod::CLIENT_STREAMING;
inline constexpr auto kStreamMethod = grpc::internal::RpcMethod::BIDI_STREAMING;

// How a successful call answers: with its one reply, or with the messages that it has written.
enum class Replies { kOne, kMany };

class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  // Reads and writes the messages of the call.
  class Wire {
   public:
    virtual void Read() = 0;
    virtual void Write(grpc::ByteBuffer message) = 0;

   protected:
    ~Wire() = default;
  };

  // Called once, before anything else. Finish may be called from here on.
  virtual void Begin() = 0;

  // `message` is null if none will come: the client is gone, has closed its side, or has sent a
  // message above gRPC's limit. Called once after each ReadMessage, even after Finish.
  virtual void OnMessage(const grpc::ByteBuffer* message) = 0;

  // The client has room for the next message. `fine` is false if the call is over. Called only
  // after WriteMessage.
  virtual void OnWritten(bool /*fine*/) {}

  void SetWire(Wire& wire) { wire_ = &wire; }
  void SetCompressed(bool compressed) { compressed_ = compressed; }

 protected:
  // Whether the message that was passed to OnMessage is compressed. It is not decompressed.
  bool is_compressed() const { return compressed_; }

  // Asks for one message. Must not be called again before OnMessage, nor after Finish, nor with a
  // lock held (see InternalInlineable). OnDone does not come before OnMessage.
  void ReadMessage() { wire_->Read(); }

  // For methods with Replies::kMany. Write one message at a time, none after Finish, and none with
  // a lock held (see InternalInlineable). OnDone does not come before OnWritten.
  void WriteMessage(grpc::ByteBuffer message) { wire_->Write(std::move(message)); }

 private:
  // gRPC asks this for OnDone and for OnCancel. Neither blocks, so gRPC may run them on the current
  // thread and need not wake another thread. So they may run, for this call and for others, before
  // ReadMessage, WriteMessage or Finish returns: these three must not be called while a lock is
  // held that an OnDone or an OnCancel takes.
  bool InternalInlineable() final { return true; }

  Wire* wire_ = nullptr;
  bool compressed_ = false;
};

// A tag that names the specialization below.
struct MessageWhenAsked;

}  // namespace gateway

template <>
class grpc::internal::CallbackUnaryHandler<gateway::MessageWhenAsked, grpc::ByteBuffer> final
    : public grpc::internal::MethodHandler {
 public:
  using Make = std::function<gateway::UnaryCall*(grpc::CallbackServerContext&, grpc::ByteBuffer&)>;

  explicit CallbackUnaryHandler(Make make, gateway::Replies replies = gateway::Replies::kOne)
      : make_(std::move(make)), replies_(replies) {}

  void RunHandler(const HandlerParameter& parameter) final {
    grpc_call* const core = parameter.call->call();
    grpc::g_core_codegen_interface->grpc_call_ref(core);
    auto* const call =
        new (grpc::g_core_codegen_interface->grpc_call_arena_alloc(core, sizeof(Call)))
            Call(static_cast<grpc::CallbackServerContext&>(*parameter.server_context),
                 *parameter.call, parameter.call_requester, replies_);
    parameter.server_context->BeginCompletionOp(
        parameter.call, [call](bool) { call->MaybeDone(true); }, call);
    call->Begin(*make_(call->context(), call->reply()));
  }

 private:
  class Call final : public grpc::ServerCallbackUnary, public gateway::UnaryCall::Wire {
   public:
    Call(grpc::CallbackServerContext& context, const grpc::internal::Call& call,
         std::function<void()> request_another, gateway::Replies replies)
        : context_(context),
          call_(call),
          replies_(replies),
          request_another_(std::move(request_another)) {}

    grpc::CallbackServerContext& context() { return context_; }
    grpc::ByteBuffer& reply() { return reply_; }

    void Begin(gateway::UnaryCall& call) {
      reactor_ = &call;
      call.SetWire(*this);
      this->BindReactor(&call);
      this->MaybeCallOnCancel(&call);
      call.Begin();
      this->MaybeDone(true);
    }

    void Read() override {
      if (!read_tag_) {
        read_tag_.Set(
            call_.call(), [this](bool fine) { HandOver(fine); }, &read_operations_,
            /*can_inline=*/false);
        read_operations_.set_core_cq_tag(&read_tag_);
      }
      this->Ref();  // the callback releases it (MaybeDone)
      read_operations_.RecvMessage(&message_);
      call_.PerformOps(&read_operations_);
    }

    void Write(grpc::ByteBuffer message) override {
      if (writes_ == nullptr) {
        writes_ = std::make_unique<Writes>();
        writes_->tag.Set(
            call_.call(),
            [this](bool fine) {
              const OperationEnd end(*this);
              writes_->message.Clear();
              reactor_->OnWritten(fine);
            },
            &writes_->operations, /*can_inline=*/false);
        writes_->operations.set_core_cq_tag(&writes_->tag);
      }
      this->Ref();  // the callback releases it (MaybeDone)
      writes_->message = std::move(message);
      if (!std::exchange(context_.sent_initial_metadata_, true)) {
        writes_->operations.SendInitialMetadata(&context_.initial_metadata_,
                                                context_.initial_metadata_flags());
      }
      // This cannot fail: the message is serialized already.
      [[maybe_unused]] const grpc::Status serialized =
          writes_->operations.SendMessagePtr(&writes_->message);
      call_.PerformOps(&writes_->operations);
    }

    void Finish(grpc::Status status) override {
      end_tag_.Set(
          call_.call(), [this](bool) { this->MaybeDone(true); }, &end_operations_,
          /*can_inline=*/true);
      end_operations_.set_core_cq_tag(&end_tag_);
      if (!std::exchange(context_.sent_initial_metadata_, true)) {
        end_operations_.SendInitialMetadata(&context_.initial_metadata_,
                                            context_.initial_metadata_flags());
      }
      if (status.ok() && replies_ == gateway::Replies::kOne) {
        end_operations_.ServerSendStatus(&context_.trailing_metadata_,
                                         end_operations_.SendMessagePtr(&reply_));
      } else {
        end_operations_.ServerSendStatus(&context_.trailing_metadata_, status);
      }
      call_.PerformOps(&end_operations_);
    }

    void SendInitialMetadata() override {}  // sent together with the first answer

    void CallOnDone() override {
      reactor_->OnDone();
      grpc_call* const core = call_.call();
      const std::function<void()> request_another = std::move(request_another_);
      this->~Call();  // its memory belongs to the arena
      grpc::g_core_codegen_interface->grpc_call_unref(core);
      request_another();
    }

    grpc::internal::ServerReactor* reactor() override { return reactor_; }

   private:
    // Allocated only for a stream, so that a call with one reply needs no memory for it.
    struct Writes {
      grpc::ByteBuffer message;
      grpc::internal::CallOpSet<grpc::internal::CallOpSendInitialMetadata,
                                grpc::internal::CallOpSendMessage>
          operations;
      grpc::internal::CallbackWithSuccessTag tag;
    };

    // Releases what an operation holds of the call, even if the call throws: gRPC swallows
    // exceptions, and without this the call would never be done.
    class OperationEnd {
     public:
      explicit OperationEnd(Call& call) : call_(call) {}
      ~OperationEnd() { call_.MaybeDone(true); }

     private:
      Call& call_;
    };

    // Takes the message out of message_ first: the next message may be read before OnMessage
    // returns, and a long call must not keep its last message.
    void HandOver(bool fine) {
      const OperationEnd end(*this);
      reactor_->SetCompressed(fine && IsCompressed());
      grpc::ByteBuffer message;
      message.Swap(&message_);
      reactor_->OnMessage(fine ? &message : nullptr);
    }

    // server.cc turns gRPC's decompression off, so a compressed message arrives as it was sent.
    bool IsCompressed() {
      const grpc_byte_buffer* const buffer = message_.c_buffer();
      return buffer != nullptr && buffer->data.raw.compression != GRPC_COMPRESS_NONE;
    }

    grpc::CallbackServerContext& context_;
    grpc::internal::Call call_;
    const gateway::Replies replies_;
    std::function<void()> request_another_;
    gateway::UnaryCall* reactor_ = nullptr;
    grpc::ByteBuffer message_;
    grpc::ByteBuffer reply_;
    grpc::internal::CallOpSet<grpc::internal::CallOpRecvMessage<grpc::ByteBuffer>> read_operations_;
    grpc::internal::CallbackWithSuccessTag read_tag_;
    grpc::internal::CallOpSet<grpc::internal::CallOpSendInitialMetadata,
                              grpc::internal::CallOpSendMessage,
                              grpc::internal::CallOpServerSendStatus>
        end_operations_;
    grpc::internal::CallbackWithSuccessTag end_tag_;
    std::unique_ptr<Writes> writes_;  // null before the first Write
  };

  const Make make_;
  const gateway::Replies replies_;
};

namespace gateway {

using UnaryHandler = grpc::internal::CallbackUnaryHandler<MessageWhenAsked, grpc::ByteBuffer>;

}  // namespace gateway

#endif  // SERVICE_CALL_UNARY_HANDLER_H_
