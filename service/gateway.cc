#include "service/gateway.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gateway/v1/contract.pb.h"
#include "service/authorization/settings.h"
#include "service/call/events/event_service.h"
#include "service/call/ledger_call.h"
#include "service/call/list_call.h"
#include "service/call/upstream_call.h"
#include "service/config/prefixed.h"
#include "service/generation/open_events.h"
#include "service/generation/open_ledger.h"
#include "service/generation/secret_files.h"
#include "service/log/log.h"

namespace gateway {
namespace {

void WarnOfPlaintext(const Config& config) {
  if (config.server.tls.enabled() || IsLocal(config.listen)) return;
  Log(Severity::kWarning, "calls are served in plain text, as server.allow_plaintext says",
      {{"listen", config.listen}});
}

void WarnOfDryRun(const authorization::Settings& settings) {
  if (settings.policy == nullptr || !settings.policy->dry_run()) return;
  Log(Severity::kError, "the policy is in dry-run mode: every caller may do everything");
}

Arrivals::Options ArrivalsOf(const Config& config) {
  return {.most_slow = static_cast<size_t>(
              std::max<int64_t>(config.server.max_unfinished_bytes / config.max_request_bytes, 2)),
          .slow_bytes = config.server.max_unfinished_bytes / 4,
          .time = absl::ToChronoMilliseconds(config.server.message_timeout)};
}

// Returns the position of the route's upstream in a generation, or nullopt if the configuration
// leaves this upstream out.
std::optional<size_t> PositionOf(const mapping::Route& route, const Config& config) {
  const auto section = config.upstreams.find(route.provider->name());
  if (section == config.upstreams.end()) return std::nullopt;
  return static_cast<size_t>(std::distance(config.upstreams.begin(), section));
}

CallLimits LimitsOf(const Config& config) {
  return {.metadata_bytes = static_cast<size_t>(config.server.max_metadata_bytes),
          .request_bytes = static_cast<size_t>(config.max_request_bytes)};
}

absl::Status OfAudit(const Config& config, const absl::Status& status) {
  return Prefixed(absl::StrCat(config.file, ": audit.file: "), status);
}
absl::Status OfLedger(const Config& config, const absl::Status& status) {
  return Prefixed(absl::StrCat(config.file, ": ledger."), status);
}
absl::Status OfEvents(const Config& config, const absl::Status& status) {
  return Prefixed(absl::StrCat(config.file, ": events."), status);
}

}  // namespace

// The parts that only Mode::kGateway has are checked only there; the configuration of the other
// mode has neither an audit log nor a ledger.
absl::Status Gateway::Check(const Config& config) {
  auto protos = Protos::Compile(config, mapping::EmbeddedFiles());
  if (!protos.ok()) return protos.status();
  auto generation = Load(config, *protos, /*before=*/nullptr);
  absl::Status status = generation.status();
  if (status.ok()) status = Telemetry::Check(config);
  if (status.ok() && config.mode == Mode::kGateway) {
    status = webhooks::EventReader::Create(protos->schemes).status();
    status.Update(webhooks::CurrentReads::Compile(protos->schemes, *protos->routes).status());
  }
  if (status.ok() && !config.audit_file.empty()) {
    status = OfAudit(config, AuditLog::Check(config.audit_file));
  }
  if (status.ok()) status = OfLedger(config, CheckLedgerFile(config.ledger));
  if (status.ok()) status = OfEvents(config, CheckEventsFile(config.events));
  return status;
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(const Config& config,
                                                         const mapping::Files& files) {
  std::unique_ptr<Gateway> gateway(new Gateway());
  absl::Status status = gateway->Start(config, files);
  if (!status.ok()) return status;
  return gateway;
}

absl::Status Gateway::Start(const Config& config, const mapping::Files& files) {
  auto protos = Protos::Compile(config, files);
  if (!protos.ok()) return protos.status();
  protos_ = *std::move(protos);
  // Taken before Load reads the files, so that the reloader notices a change in between.
  const size_t fingerprint = Reloader::Fingerprint(config);
  auto generation = Load(config, protos_, /*before=*/nullptr);
  if (!generation.ok()) return generation.status();
  in_force_.Set(*generation);
  auto telemetry = Telemetry::Create(config);
  if (!telemetry.ok()) return telemetry.status();
  telemetry_ = *std::move(telemetry);
  arrivals_ = std::make_unique<Arrivals>(ArrivalsOf(config));
  authorizer_ =
      std::make_unique<authorization::Authorizer>(authorization::MethodsOf(*protos_.routes));
  absl::Status status = MakeWebhooks();
  if (status.ok()) status = OpenAudit(config);
  if (status.ok()) status = MakeLedger(config);
  if (status.ok()) status = MakeEvents(config);
  if (!status.ok()) return status;
  reloader_ = std::make_unique<Reloader>(in_force_, fingerprint, protos_,
                                         [this](const Generation& next) { OnReload(next); });
  if (ledger_ != nullptr) MakeReconciler();
  MakeEndpoints(config);
  if (status = ReceiveWebhooks(config); !status.ok()) return status;
  StartForwardersAndSweepers(config);
  MakeMetrics(files);
  WarnOfPlaintext(config);
  WarnOfReadableSecrets(config);
  WarnOfDryRun(*(*generation)->authorization);
  status = Listen(config);
  if (status.ok()) WatchUpstreams(config);
  return status;
}

absl::Status Gateway::MakeWebhooks() {
  auto reader = webhooks::EventReader::Create(protos_.schemes);
  if (!reader.ok()) return reader.status();
  webhooks_ = std::make_unique<Webhooks>(*std::move(reader));
  auto current = webhooks::CurrentReads::Compile(protos_.schemes, *protos_.routes);
  if (!current.ok()) return current.status();
  current_reads_ = *std::move(current);
  return absl::OkStatus();
}

absl::Status Gateway::OpenAudit(const Config& config) {
  if (config.audit_file.empty()) return absl::OkStatus();
  auto audit = AuditLog::Open(config.audit_file);
  if (!audit.ok()) return OfAudit(config, audit.status());
  audit_ = *std::move(audit);
  return absl::OkStatus();
}

absl::Status Gateway::MakeLedger(const Config& config) {
  if (!config.ledger.enabled()) return absl::OkStatus();
  auto ledger = OpenLedger(config.ledger);
  if (!ledger.ok()) return OfLedger(config, ledger.status());
  ledger_ = *std::move(ledger);
  return absl::OkStatus();
}

absl::Status Gateway::MakeEvents(const Config& config) {
  if (!config.events.enabled()) return absl::OkStatus();
  auto events = OpenEvents(config.events);
  if (!events.ok()) return OfEvents(config, events.status());
  events_ = *std::move(events);
  return absl::OkStatus();
}

absl::Status Gateway::ReceiveWebhooks(const Config& config) {
  if (config.webhooks.receiver.listen.empty()) return absl::OkStatus();
  auto receiving =
      Receiving::Create(config, IncomingLog(), events_->cipher, protos_.schemes, in_force_);
  if (!receiving.ok()) return receiving.status();
  receiving_ = *std::move(receiving);
  return absl::OkStatus();
}

events::EventLog& Gateway::IncomingLog() {
  return listening_log_ == nullptr ? *events_->log : *listening_log_;
}

void Gateway::StartForwardersAndSweepers(const Config& config) {
  if (events_ == nullptr) return;
  forwarders_ = StartForwarders(config.events, *events_, webhooks_->reader(), in_force_);
  sweepers_ = StartSweepers(config.events, protos_, IncomingLog(), *events_, in_force_, *reloader_);
}

void Gateway::OnReload(const Generation& next) {
  telemetry_->SetLogging(next.config.logging);
  absl::Status renewed;
  if (ledger_ != nullptr) renewed = RenewReplyKeys(next.config.ledger, *ledger_);
  if (events_ != nullptr) renewed.Update(RenewBodyKeys(next.config.events, *events_));
  if (renewed.ok()) return;
  Log(Severity::kError, "the ledger and the log of events go on with the keys that they have",
      {{"reason", std::string(renewed.message())}});
}

void Gateway::MakeReconciler() {
  read_back_ = std::make_unique<const ReadBack>(*protos_.routes, *reloader_);
  reconciler_ = std::make_unique<Reconciler>(*ledger_->ledger, *read_back_, in_force_);
  if (events_ == nullptr) return;
  event_listener_ = std::make_unique<EventListener>(*ledger_->ledger, *reconciler_);
  listening_log_ = std::make_unique<ListeningLog>(*events_->log, *event_listener_);
}

Method& Gateway::AddMethod(Operation operation, const std::string& path, bool audited) {
  Method& method = methods_.emplace_back();
  method.operation = std::move(operation);
  method.path = path;
  method.number = *authorizer_->Find(absl::StripPrefix(path, "/"));
  method.audited = audited;
  return method;
}

// If the configuration leaves an upstream out, the operations of this upstream are not served.
void Gateway::MakeEndpoints(const Config& config) {
  surroundings_.emplace(Surroundings{in_force_, *reloader_, *authorizer_, in_flight_, *arrivals_,
                                     drift_, *telemetry_, audit_.get(), ledger_.get(),
                                     reconciler_.get(), LimitsOf(config)});
  for (const mapping::Route& route : protos_.routes->routes()) {
    const auto upstream = PositionOf(route, config);
    if (!upstream) continue;
    Method& method = AddMethod(OperationOf(route), route.rpc_path,
                               route.access == mapping::Access::kWrite || route.credential);
    endpoints_.push_back(UpstreamEndpoint(*surroundings_, method, route, *upstream));
  }
  for (const mapping::PagedList& list : protos_.routes->lists()) {
    const auto upstream = PositionOf(*list.page, config);
    if (!upstream) continue;
    Method& method = AddMethod(OperationOf(list), list.rpc_path, list.page->credential);
    endpoints_.push_back(ListEndpoint(*surroundings_, method, list, *upstream));
  }
  std::stable_sort(endpoints_.begin(), endpoints_.end(), [](const Endpoint& a, const Endpoint& b) {
    return a.method->operation.service < b.method->operation.service;
  });
  Method& parse_event = AddMethod(Webhooks::OperationOfParseEvent(), kParseEventPath, false);
  parse_event.without_store = true;
  endpoints_.push_back(webhooks_->EndpointOf(*surroundings_, parse_event));
  MakeStoresEndpoints();
}

// Adds the endpoints of the services that read the gateway's own data: ledger and events.
void Gateway::MakeStoresEndpoints() {
  if (ledger_ != nullptr) {
    for (const LedgerOperation& ledgers : LedgerOperations()) {
      Method& method = AddMethod(ledgers.operation, ledgers.path, ledgers.audited);
      endpoints_.push_back(LedgerEndpoint(*surroundings_, method, *ledger_));
    }
  }
  if (events_ == nullptr) return;
  event_surroundings_.emplace(
      EventSurroundings{*events_, webhooks_->reader(), *current_reads_, pulls_});
  for (const EventOperation& operation : EventOperations()) {
    Method& method = AddMethod(operation.operation, operation.path, operation.audited);
    endpoints_.push_back(EventEndpoint(*surroundings_, method, *event_surroundings_));
  }
}

void Gateway::MakeMetrics(const mapping::Files& files) {
  Metrics::Sources sources;
  for (const google::protobuf::FileDescriptor* file : files) {
    const std::string& version = file->options().GetExtension(v1::contract);
    if (!version.empty()) sources.contracts.push_back({file->package(), version});
  }
  for (const Method& method : methods_) {
    const Operation& operation = method.operation;
    sources.rpcs.push_back({operation.service, operation.method, operation.access, &method.stats});
  }
  sources.in_force = &in_force_;
  sources.drift = &drift_;
  sources.in_flight = &in_flight_;
  sources.reloader = reloader_.get();
  sources.telemetry = telemetry_.get();
  sources.audit = audit_.get();
  sources.ledger = ledger_.get();
  sources.reconciler = reconciler_.get();
  sources.events = events_.get();
  if (receiving_ != nullptr) {
    sources.intake = &receiving_->intake();
    sources.receiver = &receiving_->receiver();
  }
  sources.forwarders = &forwarders_;
  sources.sweepers = &sweepers_;
  metrics_ = std::make_shared<Metrics>(std::move(sources));
}

absl::Status Gateway::Listen(const Config& config) {
  if (!config.metrics_listen.empty()) {
    auto endpoint = MetricsEndpoint::Create(config.metrics_listen, metrics_);
    if (!endpoint.ok()) {
      return Prefixed(absl::StrCat(config.file, ": metrics.listen: "), endpoint.status());
    }
    metrics_endpoint_ = *std::move(endpoint);
  }
  const bool knows_callers =
      config.authorization.enabled() || !config.server.tls.client_ca_file.empty();
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Create({config.listen, config.max_request_bytes, config.server, &in_force_,
                      knows_callers ? authorizer_.get() : nullptr},
                     endpoints_, *surroundings_);
  if (!server.ok()) return Prefixed(absl::StrCat(config.file, ": "), server.status());
  server_ = *std::move(server);
  if (!config.server.health_listen.empty()) {
    Log(Severity::kInfo, "answering health checks", {{"port", int64_t{server_->health_port()}}});
  }
  if (!config.server.probe_listen.empty()) {
    Log(Severity::kInfo, "answering probes", {{"port", int64_t{server_->probe_port()}}});
  }
  return absl::OkStatus();
}

void Gateway::WatchUpstreams(const Config& config) {
  if (!config.health.upstream_readiness) return;
  upstream_health_ = std::make_unique<UpstreamHealth>(
      in_force_, [server = server_.get()](const std::string& upstream, bool alive) {
        server->SetUpstreamServing(upstream, alive);
      });
}

void Gateway::Drain() {
  const std::shared_ptr<const Generation> generation = in_force_.Get();
  upstream_health_ = nullptr;  // otherwise it could report an upstream as SERVING again
  server_->ReportNotServing();
  for (const auto& forwarder : forwarders_) forwarder->Stop();
  for (const auto& sweeper : sweepers_) sweeper->Stop();
  pulls_.AbortAll();  // these calls wait for events, and would not end by themselves
  // New calls and deliveries are still served until the load balancers have noticed.
  absl::SleepFor(generation->config.drain_delay);
  if (receiving_ != nullptr) receiving_->receiver().Stop();
  server_->Drain(generation->config.drain_grace);
  telemetry_->Flush();
}

}  // namespace gateway
