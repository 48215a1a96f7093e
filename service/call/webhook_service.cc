#include "service/call/webhook_service.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "service/call/byte_buffer.h"
#include "service/call/call_metadata.h"
#include "service/call/status.h"
#include "service/call/unary_handler.h"
#include "service/log/log.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {
namespace {

// Lives for ever: log and spans look at it when the service is gone.
const Operation& TheOperation() {
  static const auto* const operation =
      new Operation{absl::StrCat(WebhookService::kName, ".", WebhookService::kMethod),
                    WebhookService::kName,
                    WebhookService::kMethod,
                    true,
                    "",
                    ""};
  return *operation;
}

}  // namespace

class WebhookService::Call final : public UnaryCall, public Arrivals::Member {
 public:
  Call(WebhookService& service, grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : service_(service),
        context_(context),
        reply_(reply),
        trace_(service.telemetry_, TheOperation(), context) {}

  void Begin() override {
    if (const auto refusal = service_.Admit(context_, trace_, *this)) {
      return Finish(service_.Fail(trace_, *refusal));
    }
    ReadMessage();
  }

  void OnMessage(const grpc::ByteBuffer* message) override {
    if (!service_.arrivals_.Leave(*this)) return;
    if (message != nullptr) return Finish(service_.ParseEvent(trace_, *message, reply_));
    Finish(service_.Fail(trace_, mapping::NotSent(absl::StatusCode::kInvalidArgument,
                                                  "REQUEST_MISSING", "the call has no message")));
  }

  void GiveUp() override {
    Finish(
        service_.Fail(trace_, mapping::NotSent(absl::StatusCode::kUnavailable, "REQUEST_INCOMPLETE",
                                               "the call's message was not there in time")));
  }

  void OnDone() override { delete this; }

 private:
  WebhookService& service_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;
  CallTrace trace_;
};

WebhookService::WebhookService(std::unique_ptr<const webhooks::EventReader> reader, DriftLog& drift,
                               CallStats& stats, authorization::Authorizer& authorizer,
                               Arrivals& arrivals, size_t max_metadata_bytes,
                               const Telemetry& telemetry)
    : reader_(std::move(reader)),
      drift_(drift),
      stats_(stats),
      authorizer_(authorizer),
      method_(*authorizer.Find(absl::StripPrefix(kPath, "/"))),
      arrivals_(arrivals),
      max_metadata_bytes_(max_metadata_bytes),
      telemetry_(telemetry),
      log_(absl::Seconds(1)) {
  AddMethod(new grpc::internal::RpcServiceMethod(kPath, kUnaryMethod, nullptr));
  MarkMethodRawCallback(
      0, new UnaryHandler([this](grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
        return new Call(*this, context, reply);
      }));
}

std::optional<mapping::Failure> WebhookService::Admit(const grpc::CallbackServerContext& context,
                                                      const CallTrace& trace,
                                                      Arrivals::Member& call) {
  if (auto refusal = CheckMetadata(context, max_metadata_bytes_)) return refusal;
  const authorization::Admission admission = authorizer_.Admit(method_, context, trace);
  if (auto refusal = authorizer_.CheckStore(admission, "")) return refusal;
  if (arrivals_.Enter(call, admission.caller.Key())) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kUnavailable, "OVERLOADED",
                          "too many calls wait for their messages");
}

grpc::Status WebhookService::ParseEvent(CallTrace& trace, const grpc::ByteBuffer& request,
                                        grpc::ByteBuffer& reply) {
  const ContiguousBytes message(request);
  const std::shared_ptr<const webhooks::Settings> settings = slot_.Get();
  auto answer = webhooks::ParseEvent(*reader_, *settings, message.bytes(), trace.begun());
  if (const auto* const refusal = std::get_if<webhooks::Refusal>(&answer)) {
    End(trace, refusal->failure.code, CallStats::EndOf(refusal->failure.outcome));
    return Refuse(trace, *refusal, trace.begun());
  }
  auto& event = std::get<webhooks::Event>(answer);
  if (!event.drift.empty()) drift_.Record(event.drift, trace.ids());
  reply = ToBuffer(std::move(event.message));
  End(trace, absl::StatusCode::kOk, CallStats::End::kOk);
  return grpc::Status::OK;
}

grpc::Status WebhookService::Fail(CallTrace& trace, const mapping::Failure& failure) {
  End(trace, failure.code, CallStats::EndOf(failure.outcome));
  return ToStatus(failure, TheOperation().full_name, "", trace.trace_id());
}

void WebhookService::End(CallTrace& trace, absl::StatusCode code, CallStats::End end) {
  stats_.Count(code, end, absl::Now() - trace.begun());
  trace.End(code, end, "");
}

grpc::Status WebhookService::Refuse(const CallTrace& trace, const webhooks::Refusal& refusal,
                                    absl::Time now) {
  const std::optional<uint64_t> left_out =
      log_.Pass(absl::StrCat(refusal.provider, " ", refusal.check), now);
  if (left_out) {
    Log(Severity::kWarning, "webhook refused", trace.ids(),
        {{"provider", std::string(refusal.provider)},
         {"check", std::string(refusal.check)},
         {"reason", refusal.failure.reason},
         {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
  }
  return ToStatus(refusal.failure, TheOperation().full_name, "", trace.trace_id());
}

}  // namespace gateway
