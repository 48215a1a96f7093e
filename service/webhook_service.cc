#include "service/webhook_service.h"

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "service/byte_buffer.h"
#include "service/log.h"
#include "service/status.h"
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

WebhookService::WebhookService(std::unique_ptr<const webhooks::EventReader> reader, DriftLog& drift,
                               CallStats& stats, authorization::Authorizer& authorizer,
                               const Telemetry& telemetry)
    : reader_(std::move(reader)),
      drift_(drift),
      stats_(stats),
      authorizer_(authorizer),
      method_(*authorizer.Find(absl::StripPrefix(kPath, "/"))),
      telemetry_(telemetry),
      log_(absl::Seconds(1)) {
  using Handler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  AddMethod(
      new grpc::internal::RpcServiceMethod(kPath, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
  MarkMethodRawCallback(
      0, new Handler([this](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                            grpc::ByteBuffer* reply) {
        grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
        CallTrace trace(telemetry_, TheOperation(), *context);
        reactor->Finish(ParseEvent(*context, trace, *request, *reply));
        return reactor;
      }));
}

grpc::Status WebhookService::ParseEvent(const grpc::CallbackServerContext& context,
                                        CallTrace& trace, const grpc::ByteBuffer& request,
                                        grpc::ByteBuffer& reply) {
  const authorization::Admission admission = authorizer_.Admit(method_, context, trace);
  if (const auto refusal = authorizer_.CheckStore(admission, "")) {
    End(trace, refusal->code, CallStats::EndOf(refusal->outcome));
    return ToStatus(*refusal, TheOperation().full_name, "", trace.trace_id());
  }
  const OnePiece message(request);
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
