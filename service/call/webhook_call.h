// Calls of gateway.webhooks.v1.WebhookService: a delivery's bytes are verified, with the secrets of
// the call's generation, and read; nothing is sent anywhere.
//
// A refused delivery is logged with the check that did not pass, at most once a second for each
// provider and check: anybody who knows the webhook's URL can cause refusals.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the calls.
#ifndef SERVICE_CALL_WEBHOOK_CALL_H_
#define SERVICE_CALL_WEBHOOK_CALL_H_

#include <memory>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "service/log/log_throttle.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

inline constexpr char kWebhookService[] = "gateway.webhooks.v1.WebhookService";
inline constexpr char kParseEventPath[] = "/gateway.webhooks.v1.WebhookService/ParseEvent";

class Webhooks {
 public:
  explicit Webhooks(std::unique_ptr<const webhooks::EventReader> reader);

  // The names of the method.
  static Operation OperationOfParseEvent();

  const webhooks::EventReader& reader() const { return *reader_; }

  // All arguments must outlive the endpoint's calls.
  Endpoint EndpointOf(const Surroundings& surroundings, Method& method);

 private:
  class Call;
  void LogRefusal(const webhooks::Refusal& refusal, const CallTrace& trace);

  const std::unique_ptr<const webhooks::EventReader> reader_;
  LogThrottle log_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_WEBHOOK_CALL_H_
