#include "service/call/served_call.h"

#include <utility>
#include <variant>

#include "service/call/byte_buffer.h"
#include "service/call/call_metadata.h"
#include "upstream/mapping/reply/error_table.h"

namespace gateway {
namespace {

using mapping::Failure;
using mapping::NotSent;
using mapping::Outcome;

// The answer to a call that Abort ended: CANCELLED would be wrong, since the client did not cancel
// it.
Failure ShuttingDown(const Failure& cancelled, mapping::Access access) {
  Failure failure = mapping::FromTransportError({.kind = http::Error::Kind::kShutdown,
                                                 .sent = cancelled.outcome == Outcome::kUnknown,
                                                 .message = "the gateway stops"},
                                                access);
  failure.outcome = cancelled.outcome;
  return failure;
}

}  // namespace

ServedCall::ServedCall(const Surroundings& surroundings, Method& method,
                       grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
    : surroundings_(surroundings),
      method_(method),
      context_(context),
      reply_(reply),
      frame_(surroundings, method, context) {}

// Checks the caller's rights before the message is read.
void ServedCall::Begin() {
  surroundings_.in_flight.Add(*this);  // from here on Abort may be called
  if (auto refusal = frame_.Admit()) return Conclude({*std::move(refusal)});
  if (!surroundings_.arrivals.Enter(*this, frame_.caller().Key())) {
    return Conclude({NotSent(absl::StatusCode::kUnavailable, "OVERLOADED",
                             "too many calls wait for their messages")});
  }
  ReadMessage();
}

void ServedCall::OnMessage(const grpc::ByteBuffer* message) {
  if (serving_) return OnNext(message);
  if (!surroundings_.arrivals.Leave(*this)) return;
  if (message != nullptr) {
    const size_t most = surroundings_.limits.request_bytes;
    if (auto refusal = CheckMessage(*message, is_compressed(), most)) {
      return Conclude({*std::move(refusal)});
    }
    frame_.MessageArrived();
    serving_ = true;
    const ContiguousBytes piece(*message);
    return Serve(piece.bytes());
  }
  Conclude({context_.IsCancelled() ? NotSent(absl::StatusCode::kCancelled, "CANCELLED",
                                             "the call ended before its message was there")
                                   : NotSent(absl::StatusCode::kInvalidArgument, "REQUEST_MISSING",
                                             "the call has no message")});
}

void ServedCall::OnNext(const grpc::ByteBuffer* message) {
  if (message == nullptr) return ServeNext(NoMore());
  const size_t most = surroundings_.limits.request_bytes;
  if (auto refusal = CheckMessage(*message, is_compressed(), most)) {
    return ServeNext(*std::move(refusal));
  }
  const ContiguousBytes piece(*message);
  ServeNext(piece.bytes());
}

void ServedCall::GiveUp() {
  Conclude({NotSent(absl::StatusCode::kUnavailable, "REQUEST_INCOMPLETE",
                    "the call's message was not there in time")});
}

void ServedCall::Abort() {
  aborted_ = true;
  Stop();
}

void ServedCall::OnCancel() { Stop(); }

void ServedCall::OnDone() {
  surroundings_.in_flight.Remove(*this);
  delete this;
}

void ServedCall::Conclude(Answer answer) {
  if (const auto* failure = std::get_if<Failure>(&answer.result)) {
    const bool ended_by_us = aborted_ && failure->code == absl::StatusCode::kCancelled;
    if (ended_by_us) answer.result = ShuttingDown(*failure, method_.operation.access);
  }
  const grpc::Status status = frame_.End(answer, upstream_host());
  if (status.ok()) {
    reply_ = ToBuffer(std::move(std::get<mapping::Reply>(answer.result).message));
  }
  Finish(status);
}

}  // namespace gateway
