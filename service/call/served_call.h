// The life of one call, from its headers to its answer:
//
//   CallFrame::Admit -> Arrivals::Enter -> OnMessage -> Serve ... Conclude(answer) -> OnDone
//
// A subclass decides what to do with the message: see upstream_call.h, list_call.h, webhook_call.h,
// ledger_call.h. A subclass that takes several messages asks for each further message with
// ReadMessage, and gets it in ServeNext: see streaming_pull_call.h. Between Serve and Conclude no
// thread waits for the call.
//
// Thread-safety: Conclude must be called once, from any thread. Abort and OnCancel may be called at
// any time, on other threads. Lifetime: a call owns itself, and OnDone destroys it.
#ifndef SERVICE_CALL_SERVED_CALL_H_
#define SERVICE_CALL_SERVED_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <variant>

#include "absl/strings/string_view.h"
#include "service/call/arrivals.h"
#include "service/call/call_frame.h"
#include "service/call/in_flight.h"
#include "service/call/method.h"
#include "service/call/unary_handler.h"
#include "upstream/pending_call.h"

namespace gateway {

class ServedCall : public UnaryCall, public InFlight::Member, public Arrivals::Member {
 public:
  void Begin() final;
  void OnMessage(const grpc::ByteBuffer* message) final;
  void GiveUp() final;
  void Abort() final;
  void OnCancel() final;
  void OnDone() final;

 protected:
  ServedCall(const Surroundings& surroundings, Method& method, grpc::CallbackServerContext& context,
             grpc::ByteBuffer& reply);
  ~ServedCall() override = default;

  // Must lead to exactly one Conclude, now or later. `message` is valid until Serve returns.
  virtual void Serve(absl::string_view message) = 0;

  // There is no further message: the client has closed its side, or is gone.
  struct NoMore {};
  using Next = std::variant<absl::string_view, mapping::Failure, NoMore>;
  // Called after ReadMessage with a message after the first, with the refusal of such a message, or
  // with NoMore. May also be called after Conclude. The view is valid until ServeNext returns.
  virtual void ServeNext(const Next& /*next*/) {}

  // Must end what Serve has begun, so that Conclude is called soon. May also be called before
  // Serve, and more than once.
  virtual void Stop() {}
  // The domain of errors that an upstream causes.
  virtual absl::string_view upstream_host() const { return ""; }

  // Ends the call. With Replies::kMany the answer's reply is not sent: WriteMessage has sent all
  // messages.
  void Conclude(Answer answer);

  CallFrame& frame() { return frame_; }
  const grpc::CallbackServerContext& context() const { return context_; }

 private:
  void OnNext(const grpc::ByteBuffer* message);

  const Surroundings& surroundings_;
  const Method& method_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;
  CallFrame frame_;
  bool serving_ = false;  // Serve was called with the first message
  std::atomic<bool> aborted_{false};
};

}  // namespace gateway

#endif  // SERVICE_CALL_SERVED_CALL_H_
