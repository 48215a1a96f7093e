// The gateway as a receiver of webhooks only (--mode webhooks): it writes verified deliveries to
// the log, and gateways that share this log hand the events out. It has no upstream, no API key of
// an upstream, and no gRPC port. It has metrics and probes like every gateway.
//
//   configuration -> generation, in force until a reload exchanges it -> log -> receiver
//
//   absl::StatusOr<std::unique_ptr<WebhookGateway>> gateway = WebhookGateway::Create(config);
//   ... receives until ...
//   (*gateway)->Drain();
//
// Thread-safety: Create, Drain and the destructor belong to one thread.
#ifndef SERVICE_WEBHOOK_GATEWAY_H_
#define SERVICE_WEBHOOK_GATEWAY_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/call/in_flight.h"
#include "service/config/config.h"
#include "service/generation/events_in_use.h"
#include "service/generation/generation.h"
#include "service/generation/reloader.h"
#include "service/generation/slot.h"
#include "service/metrics/metrics.h"
#include "service/metrics/metrics_endpoint.h"
#include "service/port/plain_http.h"
#include "service/receiving.h"
#include "service/telemetry/drift_log.h"
#include "service/telemetry/telemetry.h"

namespace gateway {

class WebhookGateway {
 public:
  // Returns a gateway that receives. `config` must have been loaded with Mode::kWebhooks. The
  // errors are like those of Gateway::Create.
  static absl::StatusOr<std::unique_ptr<WebhookGateway>> Create(const Config& config);

  // The receiver's port.
  int port() const { return receiving_->receiver().port(); }
  // The ports of probes and metrics. Only if the configuration has an address for them.
  int probe_port() const { return probes_->port(); }
  int metrics_port() const { return metrics_endpoint_->port(); }

  // Makes /readyz answer 503, waits for the configured delay so that load balancers notice, and
  // then accepts no more connections. A delivery that is under way is answered when it is durable.
  void Drain();

 private:
  WebhookGateway() = default;
  absl::Status Start(const Config& config);
  absl::Status Listen(const Config& config);

  Protos protos_;
  Slot<Generation> in_force_;
  std::unique_ptr<Telemetry> telemetry_;
  DriftLog drift_;
  InFlight in_flight_;  // always empty, for the metrics: there is no gRPC port
  std::unique_ptr<EventsInUse> events_;
  std::unique_ptr<Reloader> reloader_;
  std::unique_ptr<Receiving> receiving_;
  std::atomic<bool> draining_{false};
  std::shared_ptr<Metrics> metrics_;
  // These use all members above, and so are declared last, to be destroyed first.
  std::unique_ptr<MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<PlainHttp> probes_;
};

}  // namespace gateway

#endif  // SERVICE_WEBHOOK_GATEWAY_H_
