#include "service/call/events/acknowledge_call.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/events/v1/requests.pb.h"

namespace gateway {
namespace {

using event_request::Texts;
using events::Effects;
using events::ModifyRequest;
namespace v1 = gateway::events::v1;

// What Acknowledge and ModifyAckDeadline have in common.
template <typename Response>
class Modify : public EventCall {
 public:
  using EventCall::EventCall;

 protected:
  void Ask(ModifyRequest request, const Texts& texts) {
    auto ids = event_request::AckIds(Subscribed(request.subscription), "ack_ids", texts);
    if (auto* failure = std::get_if<mapping::Failure>(&ids)) return Fail(std::move(*failure));
    request.ack_ids = std::get<std::vector<events::AckId>>(std::move(ids));
    log().Modify(std::move(request),
                 [this, shown = std::vector<std::string>(texts.begin(), texts.end())](
                     const absl::StatusOr<Effects>& effects) {
                   if (!effects.ok()) return Fail(FailureOf(effects.status()));
                   Response response;
                   for (size_t i = 0; i < shown.size(); ++i) {
                     if (!(*effects)[i]) response.add_stale_ack_ids(shown[i]);
                   }
                   Reply(response);
                 });
  }
};

class Acknowledge final : public Modify<v1::AcknowledgeResponse> {
 public:
  using Modify::Modify;

 private:
  void Serve(absl::string_view message) override {
    v1::AcknowledgeRequest request;
    if (!Accept(message, request)) return;
    Ask({.subscription = request.subscription(), .what = ModifyRequest::kAcknowledge},
        request.ack_ids());
  }
};

class ModifyAckDeadline final : public Modify<v1::ModifyAckDeadlineResponse> {
 public:
  using Modify::Modify;

 private:
  void Serve(absl::string_view message) override {
    v1::ModifyAckDeadlineRequest request;
    if (!Accept(message, request)) return;
    auto modify = event_request::NewDeadline(
        request.subscription(), request.has_ack_deadline() ? &request.ack_deadline() : nullptr);
    if (auto* failure = std::get_if<mapping::Failure>(&modify)) return Fail(std::move(*failure));
    Ask(std::get<ModifyRequest>(std::move(modify)), request.ack_ids());
  }
};

}  // namespace

UnaryCall* NewAcknowledge(const Surroundings& surroundings, Method& method,
                          const EventSurroundings& events, grpc::CallbackServerContext& context,
                          grpc::ByteBuffer& reply) {
  return new Acknowledge(surroundings, method, events, context, reply);
}

UnaryCall* NewModifyAckDeadline(const Surroundings& surroundings, Method& method,
                                const EventSurroundings& events,
                                grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
  return new ModifyAckDeadline(surroundings, method, events, context, reply);
}

}  // namespace gateway
