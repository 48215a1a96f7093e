// gateway.webhooks.v1.WebhookService on gRPC: bytes in, bytes out, as the services of the
// upstreams.
//
//   WebhookService service(*std::move(reader), drift, stats, authorizer, arrivals, 16384,
//                          telemetry);
//   service.slot().Set(*LoadWebhooks(config));
//   builder.RegisterService(&service);
//
// What is refused is logged with the check that did not pass, at most once a second for each
// provider and check: whoever knows the URL decides how often.
//
// Thread-safety: may be used from any thread. Lifetime: outlives the server; what it is given
// outlives it.
#ifndef SERVICE_CALL_WEBHOOK_SERVICE_H_
#define SERVICE_CALL_WEBHOOK_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/authorization/authorizer.h"
#include "service/call/arrivals.h"
#include "service/generation/webhooks.h"
#include "service/log/log_throttle.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/call_trace.h"
#include "service/telemetry/drift_log.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

class WebhookService final : public grpc::Service {
 public:
  static constexpr char kName[] = "gateway.webhooks.v1.WebhookService";
  static constexpr char kMethod[] = "ParseEvent";
  static constexpr char kPath[] = "/gateway.webhooks.v1.WebhookService/ParseEvent";

  WebhookService(std::unique_ptr<const webhooks::EventReader> reader, DriftLog& drift,
                 CallStats& stats, authorization::Authorizer& authorizer, Arrivals& arrivals,
                 size_t max_metadata_bytes, const Telemetry& telemetry);

  WebhookSlot& slot() { return slot_; }

 private:
  class Call;

  // Who calls, and may they; and whether there is room for the message.
  std::optional<mapping::Failure> Admit(const grpc::CallbackServerContext& context,
                                        const CallTrace& trace, Arrivals::Member& call);
  grpc::Status ParseEvent(CallTrace& trace, const grpc::ByteBuffer& request,
                          grpc::ByteBuffer& reply);
  grpc::Status Fail(CallTrace& trace, const mapping::Failure& failure);
  void End(CallTrace& trace, absl::StatusCode code, CallStats::End end);
  grpc::Status Refuse(const CallTrace& trace, const webhooks::Refusal& refusal, absl::Time now);

  const std::unique_ptr<const webhooks::EventReader> reader_;
  DriftLog& drift_;
  CallStats& stats_;
  authorization::Authorizer& authorizer_;
  const size_t method_;  // as the authorizer counts them
  Arrivals& arrivals_;
  const size_t max_metadata_bytes_;
  const Telemetry& telemetry_;
  WebhookSlot slot_;
  LogThrottle log_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_WEBHOOK_SERVICE_H_
