// The life of one call, from its headers to its answer:
//
//   who, and may they -> room for the message -> message -> Serve ... Conclude(answer) -> OnDone
//
// A subclass decides what to do with the message: see upstream_call.h, list_call.h, webhook_call.h,
// ledger_call.h. One that takes several asks for each further message by ReadMessage, and gets it
// by ServeNext: see streaming_pull_call.h. Nothing waits: between Serve and Conclude no thread
// belongs to the call.
//
// Thread-safety: Conclude once, from any thread. Abort and OnCancel may come at any time, on other
// threads. Lifetime: a call owns itself and ends with OnDone.
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

  // Has to lead to one Conclude. `message` is valid until it returns.
  virtual void Serve(absl::string_view message) = 0;

  // The client has sent all that it will, or has gone.
  struct NoMore {};
  using Next = std::variant<absl::string_view, mapping::Failure, NoMore>;
  // A message after the first one, or the refusal of one; only after ReadMessage. It may also come
  // after Conclude. The view is valid until it returns.
  virtual void ServeNext(const Next& /*next*/) {}

  // Ends what Serve has begun, so that Conclude comes soon. Also before Serve, and more than once.
  virtual void Stop() {}
  // The domain of errors that an upstream causes.
  virtual absl::string_view upstream_host() const { return ""; }

  // Ends the call. The reply of a call that has written its messages (WriteMessage) is not sent.
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
  bool serving_ = false;  // Serve has the first message
  std::atomic<bool> aborted_{false};
};

}  // namespace gateway

#endif  // SERVICE_CALL_SERVED_CALL_H_
