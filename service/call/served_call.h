// The life of one call, from its headers to its answer:
//
//   who, and may they -> room for the message -> message -> Serve ... Conclude(answer) -> OnDone
//
// A subclass decides what to do with the message: see upstream_call.h, list_call.h, webhook_call.h,
// ledger_call.h. Nothing waits: between Serve and Conclude no thread belongs to the call.
//
// Thread-safety: Conclude once, from any thread. Abort and OnCancel may come at any time, on other
// threads. Lifetime: a call owns itself and ends with OnDone.
#ifndef SERVICE_CALL_SERVED_CALL_H_
#define SERVICE_CALL_SERVED_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>

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
  // Ends what Serve has begun, so that Conclude comes soon. Also before Serve, and more than once.
  virtual void Stop() {}
  // The domain of errors that an upstream causes.
  virtual absl::string_view upstream_host() const { return ""; }

  // Ends the call. The reply of a call that has written its messages (WriteMessage) is not sent.
  void Conclude(Answer answer);

  CallFrame& frame() { return frame_; }
  const grpc::CallbackServerContext& context() const { return context_; }

 private:
  const Surroundings& surroundings_;
  const Method& method_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;
  CallFrame frame_;
  std::atomic<bool> aborted_{false};
};

}  // namespace gateway

#endif  // SERVICE_CALL_SERVED_CALL_H_
