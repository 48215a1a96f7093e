// All parts of the gateway, put together from a configuration:
//
//   made from                                part
//   descriptors                              -> routes, schemes of webhooks
//   configuration, its files and routes      -> generation, in force until a reload exchanges it
//   routes, generation in force and ledger   -> endpoints -> server
//
// Beside these parts there are the metrics, and the reloader, which puts another generation in
// force when files change. --check-config makes the parts up to the generation, and checks the
// files of the others.
//
//   absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Create(config);
//   ... serves until ...
//   (*gateway)->Drain();
//
// Thread-safety: Create, Drain and the destructor belong to one thread; the other members may be
// used from any thread.
#ifndef SERVICE_GATEWAY_H_
#define SERVICE_GATEWAY_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/authorization/authorizer.h"
#include "service/call/arrivals.h"
#include "service/call/call_frame.h"
#include "service/call/events/event_call.h"
#include "service/call/in_flight.h"
#include "service/call/method.h"
#include "service/call/webhook_call.h"
#include "service/config/config.h"
#include "service/generation/events_in_use.h"
#include "service/generation/forwarders.h"
#include "service/generation/generation.h"
#include "service/generation/ledger_in_use.h"
#include "service/generation/reloader.h"
#include "service/generation/slot.h"
#include "service/generation/sweepers.h"
#include "service/generation/upstream_health.h"
#include "service/metrics/metrics.h"
#include "service/metrics/metrics_endpoint.h"
#include "service/port/server.h"
#include "service/receiving.h"
#include "service/reconcile/event_listener.h"
#include "service/reconcile/listening_log.h"
#include "service/reconcile/read_back.h"
#include "service/reconcile/reconciler.h"
#include "service/telemetry/audit_log.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/drift_log.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"
#include "upstream/webhooks/current_reads.h"

namespace gateway {

class Gateway {
 public:
  // Returns a gateway that serves, or an error: for example an upstream without a provider in the
  // protos, a key that cannot be read, or an address in use. A configuration that comes from a file
  // is reloaded when this file, or a file that it names, changes. `files`: the descriptors of the
  // protos, which must outlive the gateway.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(
      const Config& config, const mapping::Files& files = mapping::EmbeddedFiles());

  // Returns the error with which a start with `config` and its files would fail, in its mode, as
  // far as this can be known without network. Makes no file, and opens no store and no port: a port
  // that cannot be had, and a database that is damaged or locked, show only at the start.
  static absl::Status Check(const Config& config);

  int port() const { return server_->port(); }
  // The port of the health checks. Only if the configuration has an address for them.
  int health_port() const { return server_->health_port(); }
  // The port of the probes over HTTP/1.1. Only if the configuration has an address for them.
  int probe_port() const { return server_->probe_port(); }
  // The port of the metrics. Only if the configuration has an address for them.
  int metrics_port() const { return metrics_endpoint_->port(); }
  // The port of the receiver of webhooks. Only if the configuration has an address for it.
  int webhooks_port() const { return receiving_->receiver().port(); }
  const DriftLog& drift() const { return drift_; }
  // In Prometheus' text format.
  std::string MetricsText() const { return metrics_->Text(); }

  // Ends the service as the configuration says (see Server::Drain).
  void Drain();

 private:
  Gateway() = default;
  absl::Status Start(const Config& config, const mapping::Files& files);
  absl::Status MakeWebhooks();
  absl::Status OpenAudit(const Config& config);
  absl::Status MakeLedger(const Config& config);
  absl::Status MakeEvents(const Config& config);
  void OnReload(const Generation& next);
  void MakeReconciler();
  void MakeEndpoints(const Config& config);
  void MakeStoresEndpoints();
  Method& AddMethod(Operation operation, const std::string& path, bool audited);
  void MakeMetrics(const mapping::Files& files);
  absl::Status Listen(const Config& config);
  absl::Status ReceiveWebhooks(const Config& config);
  void StartForwardersAndSweepers(const Config& config);
  // The log to append events to: listening_log_, or the log of events_ if that is null.
  events::EventLog& IncomingLog();
  void WatchUpstreams(const Config& config);

  Protos protos_;
  Slot<Generation> in_force_;
  // Outlive telemetry_, which uses them after their calls have ended.
  std::deque<Method> methods_;
  std::unique_ptr<Telemetry> telemetry_;
  DriftLog drift_;
  InFlight in_flight_;
  std::unique_ptr<Arrivals> arrivals_;
  std::unique_ptr<authorization::Authorizer> authorizer_;
  std::unique_ptr<AuditLog> audit_;      // null: there is no audit log
  std::unique_ptr<LedgerInUse> ledger_;  // null: there is no ledger
  std::unique_ptr<EventsInUse> events_;  // null: events are not kept
  std::unique_ptr<Webhooks> webhooks_;
  std::optional<webhooks::CurrentReads> current_reads_;
  InFlight pulls_;  // the calls that wait for events
  std::optional<EventSurroundings> event_surroundings_;
  std::unique_ptr<Reloader> reloader_;
  // Null if there is no ledger. The last two are null also if events are not kept.
  std::unique_ptr<const ReadBack> read_back_;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<EventListener> event_listener_;
  std::unique_ptr<ListeningLog> listening_log_;
  Forwarders forwarders_;
  Sweepers sweepers_;
  std::optional<Surroundings> surroundings_;
  std::vector<Endpoint> endpoints_;
  std::unique_ptr<Receiving> receiving_;  // null if webhooks are not received
  std::shared_ptr<Metrics> metrics_;      // reads the counters of all of the above
  // These use all members above, and so are declared last, to be destroyed first.
  std::unique_ptr<MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<UpstreamHealth> upstream_health_;  // null without health.upstream_readiness
};

}  // namespace gateway

#endif  // SERVICE_GATEWAY_H_
