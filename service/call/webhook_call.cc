#include "service/call/webhook_call.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/call/served_call.h"
#include "service/log/log.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway {

class Webhooks::Call final : public ServedCall {
 public:
  Call(Webhooks& owner, const Surroundings& surroundings, Method& method,
       grpc::CallbackServerContext& context, grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply), owner_(owner) {}

 private:
  void Serve(absl::string_view message) override {
    auto parsed = webhooks::ParseEvent(*owner_.reader_, *frame().generation()->webhooks, message,
                                       frame().trace().begun());
    if (auto* const refusal = std::get_if<webhooks::Refusal>(&parsed)) {
      owner_.LogRefusal(*refusal, frame().trace());
      return Conclude({std::move(refusal->failure)});
    }
    auto& event = std::get<webhooks::Event>(parsed);
    Conclude({mapping::Reply{std::move(event.message), std::move(event.drift), ""}});
  }

  Webhooks& owner_;
};

Webhooks::Webhooks(std::unique_ptr<const webhooks::EventReader> reader)
    : reader_(std::move(reader)), log_(absl::Seconds(1)) {}

Operation Webhooks::OperationOfParseEvent() {
  return {absl::StrCat(kWebhookService, ".ParseEvent"),
          kWebhookService,
          "ParseEvent",
          mapping::Access::kRead,
          "",
          ""};
}

Endpoint Webhooks::EndpointOf(const Surroundings& surroundings, Method& method) {
  return {&method, "",
          [this, &surroundings, &method](grpc::CallbackServerContext& context,
                                         grpc::ByteBuffer& reply) {
            return new Call(*this, surroundings, method, context, reply);
          }};
}

void Webhooks::LogRefusal(const webhooks::Refusal& refusal, const CallTrace& trace) {
  const std::optional<uint64_t> left_out =
      log_.Pass(absl::StrCat(refusal.provider, " ", refusal.check), trace.begun());
  if (!left_out) return;
  Log(Severity::kWarning, "webhook refused", trace.ids(),
      {{"provider", std::string(refusal.provider)},
       {"check", std::string(refusal.check)},
       {"reason", refusal.failure.reason},
       {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
}

}  // namespace gateway
