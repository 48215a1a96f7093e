#include "service/call/call.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "service/call/byte_buffer.h"
#include "service/call/call_metadata.h"
#include "service/call/status.h"
#include "service/log/log.h"
#include "service/telemetry/call_trace.h"
#include "upstream/mapping/reply/error_table.h"

namespace gateway {
namespace {

using mapping::Drift;
using mapping::Failure;
using mapping::Outcome;

// Trailer: how often the call was handed to the wire; 0 where it got no further than the gateway.
constexpr char kAttempts[] = "gateway-attempts";

// Metadata of a call whose repetition is to do nothing new.
constexpr char kIdempotencyKey[] = "idempotency-key";

// Metadata of a call that brings its own key for the upstream.
constexpr char kCallerKey[] = "upstream-api-key";

// Metadata by which those who repeat a call say so.
constexpr char kPreviousAttempts[] = "grpc-previous-rpc-attempts";
constexpr char kEnvoyAttempt[] = "x-envoy-attempt-count";

// Trailer that tells a client that retries by itself when to do so, or never to (gRFC A6).
constexpr char kPushback[] = "grpc-retry-pushback-ms";

// Trailer: the upstream's own name for the request, for its support.
constexpr char kTraceId[] = "gateway-trace-id";

// Trailer that carries enum texts which the protos do not have: the reply shows only X_UNSPECIFIED
// for them.
constexpr char kUnrecognized[] = "gateway-unrecognized";

// Clients grant all trailers of a call 8 KB, and fail a call whose trailers are larger.
constexpr size_t kMaxUnrecognized = 4096;
// What HTTP/2 counts for a header beside its name and value.
constexpr size_t kHeaderOverhead = 32;

SteadyTime DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration fallback) {
  const auto deadline = context.deadline();
  const SteadyTime now = SteadyTime::Now();
  if (deadline == std::chrono::system_clock::time_point::max()) return now + fallback;
  // A client tells its timeout rounded up, by a hundredth at most, and gives up when the exact one
  // is over: without having heard what happened, if the answer came later.
  const absl::Duration left = absl::FromChrono(deadline) - absl::Now();
  return now + left - std::max(left, absl::ZeroDuration()) / 100;
}

// The value of metadata that may be given once. Returns nullopt where it is not given, and "",
// which is refused later, where it is given twice. Valid as long as the context.
std::optional<absl::string_view> OnlyValue(const grpc::CallbackServerContext& context,
                                           const char* name) {
  const auto [first, end] = context.client_metadata().equal_range(name);
  if (first == end) return std::nullopt;
  if (std::next(first) != end) return "";
  return absl::string_view(first->second.data(), first->second.size());
}

// Whether somebody on the way here has made the call before: gRPC clients that retry (gRFC A6)
// count earlier attempts, Envoy and Istio count this one too.
bool IsRepeat(const grpc::CallbackServerContext& context) {
  const auto count = [&context](const char* name) {
    const auto found = context.client_metadata().find(name);
    int64_t number = 0;
    if (found == context.client_metadata().end()) return number;
    const absl::string_view text(found->second.data(), found->second.size());
    return absl::SimpleAtoi(text, &number) ? number : 0;
  };
  return count(kPreviousAttempts) >= 1 || count(kEnvoyAttempt) >= 2;
}

// Of a call that was ended by Abort: its client did not cancel it.
Failure ShuttingDown(const Failure& cancelled, bool read) {
  return mapping::FromTransportError({.kind = http::Error::Kind::kShutdown,
                                      .sent = cancelled.outcome != Outcome::kNotSent,
                                      .message = "the gateway stops"},
                                     read);
}

class Call final : public UnaryCall, public InFlight::Member, public Arrivals::Member {
 public:
  Call(const Endpoint& endpoint, grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : endpoint_(endpoint),
        context_(context),
        reply_(reply),
        backend_(endpoint.backend->Get()),
        trace_(*endpoint.telemetry, *endpoint.operation, context) {
    endpoint_.in_flight->Add(*this);  // last: from here on Abort may come
  }

  // Who may not call gets no message read.
  void Begin() override {
    arrived_ = false;
    if (auto refusal = CheckMetadata(context_, endpoint_.max_metadata_bytes)) {
      return Conclude({*std::move(refusal)});
    }
    admission_ = endpoint_.authorizer->Admit(endpoint_.method, context_, trace_);
    if (admission_.refusal) return Conclude({*admission_.refusal});
    if (!endpoint_.arrivals->Enter(*this, admission_.caller.Key())) {
      return Conclude({mapping::NotSent(absl::StatusCode::kUnavailable, "OVERLOADED",
                                        "too many calls wait for their messages")});
    }
    ReadMessage();
  }

  void OnMessage(const grpc::ByteBuffer* message) override {
    if (!endpoint_.arrivals->Leave(*this)) return;
    if (message != nullptr) return Start(*message);
    // gRPC refuses one that is too large by itself, and cancels the call.
    Conclude({context_.IsCancelled()
                  ? mapping::NotSent(absl::StatusCode::kCancelled, "CANCELLED",
                                     "the call ended before its message was there")
                  : mapping::NotSent(absl::StatusCode::kInvalidArgument, "REQUEST_MISSING",
                                     "the call has no message")});
  }

  void GiveUp() override {
    Conclude({mapping::NotSent(absl::StatusCode::kUnavailable, "REQUEST_INCOMPLETE",
                               "the call's message was not there in time")});
  }

  void Start(const grpc::ByteBuffer& request) {
    arrived_ = true;
    const ContiguousBytes message(request);
    Client::Handle handle = backend_->client->Call(
        *endpoint_.route, message.bytes(),
        {.deadline = DeadlineOf(context_, backend_->default_deadline),
         .idempotency_key = OnlyValue(context_, kIdempotencyKey),
         .repeated = IsRepeat(context_),
         .caller_key = OnlyValue(context_, kCallerKey),
         .caller = admission_.caller.Key(),
         .observer = &trace_},
        [this](Answer answer) { Conclude(std::move(answer)); },
        [this](absl::string_view store) {
          return endpoint_.authorizer->CheckStore(admission_, store);
        });
    const std::lock_guard lock(mutex_);
    handle_ = std::move(handle);
    if (aborted_ || cancelled_) handle_.Cancel();  // either may have come before the handle
  }

  void Abort() override {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
    handle_.Cancel();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    handle_.Cancel();
  }

  void OnDone() override {
    endpoint_.in_flight->Remove(*this);
    delete this;
  }

 private:
  void Conclude(Answer answer) {
    context_.AddTrailingMetadata(kAttempts, absl::StrCat(answer.attempts));
    if (const auto* failure = std::get_if<Failure>(&answer.result)) {
      const bool ended_by_us = aborted_ && failure->code == absl::StatusCode::kCancelled;
      if (ended_by_us) answer.result = ShuttingDown(*failure, endpoint_.route->read);
    }
    Audit(answer);
    if (const auto* failure = std::get_if<Failure>(&answer.result)) return Fail(*failure);
    auto& reply = std::get<mapping::Reply>(answer.result);
    if (!reply.drift.empty()) endpoint_.drift->Record(reply.drift, trace_.ids());
    AddUnrecognized(reply.drift);
    AddTraceId(reply.trace_id);
    reply_ = ToBuffer(std::move(reply.message));
    End(absl::StatusCode::kOk, CallStats::End::kOk);
    Finish(grpc::Status::OK);
  }

  // gRPC fails the whole call on a trailer that is not printable ASCII: other bytes are escaped.
  void AddTraceId(const std::string& trace_id) {
    if (!trace_id.empty()) context_.AddTrailingMetadata(kTraceId, absl::CHexEscape(trace_id));
  }

  // As many as fit.
  void AddUnrecognized(const std::vector<Drift>& drifts) {
    size_t size = 0;
    for (const Drift& drift : drifts) {
      if (drift.kind != Drift::Kind::kUnknownEnumText) continue;
      const std::string value =
          absl::StrCat(drift.field->full_name, "=", absl::CHexEscape(drift.text));
      size += sizeof(kUnrecognized) + value.size() + kHeaderOverhead;
      if (size > kMaxUnrecognized) return;
      context_.AddTrailingMetadata(kUnrecognized, value);
    }
  }

  void Fail(const Failure& failure) {
    if (failure.outcome == Outcome::kUnknown && !endpoint_.route->read) {
      Log(Severity::kWarning, "a write ended with outcome unknown", trace_.ids(),
          {{"operation", endpoint_.route->full_name},
           {"reason", failure.reason},
           {"http_status", int64_t{failure.http_status}},
           {"upstream_trace_id", failure.trace_id}});
    }
    if (const auto pushback = RetryPushback(failure, endpoint_.route->read)) {
      context_.AddTrailingMetadata(kPushback, absl::StrCat(*pushback));
    }
    End(failure.code, CallStats::EndOf(failure.outcome));
    Finish(
        ToStatus(failure, endpoint_.route->full_name, backend_->client->host(), trace_.trace_id()));
  }

  void Audit(const Answer& answer) {
    const bool due = !endpoint_.route->read || endpoint_.route->credential;
    const bool refused = admission_.refusal.has_value();
    if (endpoint_.audit == nullptr || !due || !(arrived_ || refused)) return;
    const auto* failure = std::get_if<Failure>(&answer.result);
    AuditRecord record;
    record.time = trace_.begun();
    const authorization::Rule* const rule = admission_.grant.For(answer.store);
    record.caller = admission_.caller.Name(rule == nullptr ? "" : rule->KnowsAs(admission_.caller));
    if (rule != nullptr) record.rule = rule->name;
    record.certificate = admission_.caller.certificate.get();
    record.peer = context_.peer();
    record.sent = failure == nullptr || failure->outcome != Outcome::kNotSent;
    record.method = absl::StripPrefix(endpoint_.route->rpc_path, "/");
    record.store = answer.store;
    record.outcome =
        failure == nullptr ? CallStats::Name(CallStats::End::kOk) : mapping::Name(failure->outcome);
    record.code =
        absl::StatusCodeToString(failure == nullptr ? absl::StatusCode::kOk : failure->code);
    record.http_status = answer.http_status;
    record.upstream_trace_id =
        failure == nullptr ? std::get<mapping::Reply>(answer.result).trace_id : failure->trace_id;
    record.attempts = answer.attempts;
    record.ids = trace_.ids();
    record.idempotency_key = OnlyValue(context_, kIdempotencyKey).value_or("");
    endpoint_.audit->Write(record);
  }

  void End(absl::StatusCode code, CallStats::End end) {
    endpoint_.stats->Count(code, end, absl::Now() - trace_.begun());
    trace_.End(code, end, backend_->client->host());
  }

  const Endpoint& endpoint_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;
  const std::shared_ptr<const Backend> backend_;
  CallTrace trace_;
  authorization::Admission admission_;  // constant after Begin
  std::atomic<bool> aborted_{false};
  bool arrived_ = false;  // whether there was a message: without, nothing was asked for
  std::mutex mutex_;
  bool cancelled_ = false;  // guarded by mutex_
  Client::Handle handle_;   // guarded by mutex_
};

}  // namespace

UnaryCall* MakeCall(const Endpoint& endpoint, grpc::CallbackServerContext& context,
                    grpc::ByteBuffer& reply) {
  return new Call(endpoint, context, reply);
}

}  // namespace gateway
