#include "service/gateway.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/authorization/settings.h"
#include "service/call/ledger_call.h"
#include "service/call/upstream_call.h"
#include "service/config/config_checks.h"
#include "service/config/prefixed.h"
#include "service/generation/open_ledger.h"
#include "service/generation/secret_files.h"
#include "service/generation/upstreams.h"
#include "service/log/log.h"

namespace gateway {

namespace {

absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadServerTls(const Config& config) {
  auto material = LoadTls(config.server.tls);
  if (material.ok()) return material;
  return Prefixed(absl::StrCat(config.file, ": server.tls."), material.status());
}

absl::StatusOr<std::shared_ptr<const authorization::Settings>> LoadAuthorization(
    const Config& config, const authorization::Authorizer& authorizer) {
  auto settings =
      authorization::Load(config.authorization, authorizer.methods(), authorizer.Get().get());
  if (settings.ok()) return settings;
  return Prefixed(absl::StrCat(config.file, ": authorization."), settings.status());
}

void WarnOfPlaintext(const Config& config) {
  if (config.server.tls.enabled() || IsLocal(config.listen)) return;
  Log(Severity::kWarning, "calls are served in plain text, as server.allow_plaintext says",
      {{"listen", config.listen}});
}

void WarnOfDryRun(const authorization::Authorizer& authorizer) {
  const auto policy = authorizer.Get()->policy;
  if (policy == nullptr || !policy->dry_run()) return;
  Log(Severity::kError, "the policy is in dry-run mode: every caller may do everything");
}

Arrivals::Options ArrivalsOf(const Config& config) {
  return {.most_slow = static_cast<size_t>(
              std::max<int64_t>(config.server.max_unfinished_bytes / config.max_request_bytes, 2)),
          .time = absl::ToChronoMilliseconds(config.server.message_timeout)};
}

CallLimits LimitsOf(const Config& config) {
  return {.metadata_bytes = static_cast<size_t>(config.server.max_metadata_bytes),
          .request_bytes = static_cast<size_t>(config.max_request_bytes)};
}

}  // namespace

Gateway::Gateway(const Config& config, const mapping::Files& files)
    : config_(config), files_(files), arrivals_(ArrivalsOf(config)) {}

absl::Status Gateway::MakeRoutes() {
  mapping::Overrides overrides;
  for (const auto& [name, upstream] : config_.upstreams) {
    overrides.emplace(name, upstream.profile);
  }
  auto routes = mapping::RouteTable::Compile(files_, overrides);
  if (!routes.ok()) return Prefixed(absl::StrCat(config_.file, ": "), routes.status());
  routes_ = *std::move(routes);
  for (const auto& [name, upstream] : config_.upstreams) {
    bool known = false;
    for (const mapping::Route& route : routes_->routes()) known |= route.provider->name() == name;
    if (!known) {
      return absl::InvalidArgumentError(absl::StrCat(config_.file, ": upstreams.", name,
                                                     ": no proto has a provider of this name"));
    }
  }
  return CheckConfig(config_);
}

absl::Status Gateway::CheckConfig(const Config& config) const {
  absl::Status status = CheckUpstreams(config, routes_->routes());
  if (status.ok()) status = CheckAuthorities(config);
  if (status.ok()) status = Prefixed("ledger.", CheckLedger(config.ledger));
  return status.ok() ? status : Prefixed(absl::StrCat(config.file, ": "), status);
}

absl::Status Gateway::MakeBackends() {
  fingerprint_ = Reloader::Fingerprint(config_);
  absl::StatusOr<std::unique_ptr<Backends>> backends = Backends::Create(config_);
  if (!backends.ok()) return backends.status();
  backends_ = *std::move(backends);
  return absl::OkStatus();
}

absl::Status Gateway::MakeWebhooks() {
  auto reader = webhooks::EventReader::Create();
  if (!reader.ok()) return reader.status();
  auto settings = LoadWebhooks(config_);
  if (!settings.ok()) return settings.status();
  webhooks_ = std::make_unique<Webhooks>(*std::move(reader));
  webhooks_->slot().Set(*std::move(settings));
  return absl::OkStatus();
}

absl::Status Gateway::MakeTelemetry() {
  auto telemetry = Telemetry::Create(config_);
  if (!telemetry.ok()) return telemetry.status();
  telemetry_ = *std::move(telemetry);
  return absl::OkStatus();
}

absl::Status Gateway::MakeAuthorizer() {
  authorizer_ = std::make_unique<authorization::Authorizer>(authorization::MethodsOf(*routes_));
  auto settings = LoadAuthorization(config_, *authorizer_);
  if (!settings.ok()) return settings.status();
  authorizer_->Set(*std::move(settings));
  return absl::OkStatus();
}

absl::Status Gateway::MakeTls() {
  if (!config_.server.tls.enabled()) return absl::OkStatus();
  auto material = LoadServerTls(config_);
  if (!material.ok()) return material.status();
  authorizer_->SetClientAuthorities((*material)->client_cas);
  tls_ = std::make_unique<TlsSlot>(*std::move(material));
  return absl::OkStatus();
}

Method& Gateway::AddMethod(Operation operation, const std::string& path, bool audited) {
  Method& method = methods_.emplace_back();
  method.operation = std::move(operation);
  method.path = path;
  method.number = *authorizer_->Find(absl::StripPrefix(path, "/"));
  method.audited = audited;
  return method;
}

// The operations of an upstream that the configuration leaves out are not served.
void Gateway::MakeEndpoints() {
  surroundings_.emplace(Surroundings{*authorizer_, in_flight_, arrivals_, drift_, *telemetry_,
                                     audit_.get(), ledger_.get(), LimitsOf(config_)});
  for (const mapping::Route& route : routes_->routes()) {
    const BackendSlot* const backend = backends_->Find(route.provider->name());
    if (backend == nullptr) continue;
    Method& method = AddMethod(OperationOf(route), route.rpc_path, !route.read || route.credential);
    endpoints_.push_back(UpstreamEndpoint(*surroundings_, method, route, *backend));
  }
  Method& parse_event = AddMethod(Webhooks::OperationOfParseEvent(), kParseEventPath, false);
  parse_event.without_store = true;
  endpoints_.push_back(webhooks_->EndpointOf(*surroundings_, parse_event));
  if (ledger_ == nullptr) return;
  for (const LedgerOperation& ledgers : LedgerOperations()) {
    Method& method = AddMethod(ledgers.operation, ledgers.path, ledgers.audited);
    endpoints_.push_back(LedgerEndpoint(*surroundings_, method, *ledger_));
  }
}

void Gateway::MakeMetrics() {
  Metrics::Sources sources;
  for (const Method& method : methods_) {
    const Operation& operation = method.operation;
    sources.rpcs.push_back({operation.service, operation.method, operation.read, &method.stats});
  }
  for (const auto& [name, upstream] : config_.upstreams) {
    sources.upstreams.push_back({name, backends_->Find(name)});
  }
  sources.drift = &drift_;
  sources.in_flight = &in_flight_;
  sources.reloads = &reloads_;
  security_files_ = std::make_unique<SecurityFiles>(*authorizer_, tls_.get());
  security_files_->Reload(config_);  // what it will find changed later
  sources.security_files = security_files_.get();
  sources.telemetry = telemetry_.get();
  sources.certificates = [this] {
    const std::lock_guard lock(mutex_);
    return CertificateFiles(config_);
  };
  sources.audit = audit_.get();
  metrics_ = std::make_shared<Metrics>(std::move(sources));
}

absl::Status Gateway::OpenAudit() {
  if (config_.audit_file.empty()) return absl::OkStatus();
  auto audit = AuditLog::Open(config_.audit_file);
  if (!audit.ok()) return Prefixed(absl::StrCat(config_.file, ": audit.file: "), audit.status());
  audit_ = *std::move(audit);
  return absl::OkStatus();
}

absl::Status Gateway::MakeLedger() {
  if (!config_.ledger.enabled()) return absl::OkStatus();
  auto ledger = OpenLedger(config_.ledger);
  if (!ledger.ok()) return Prefixed(absl::StrCat(config_.file, ": ledger."), ledger.status());
  ledger_ = *std::move(ledger);
  return absl::OkStatus();
}

absl::Status Gateway::Listen() {
  WarnOfPlaintext(config_);
  WarnOfReadableSecrets(config_);
  WarnOfDryRun(*authorizer_);
  if (!config_.metrics_listen.empty()) {
    auto endpoint = MetricsEndpoint::Create(config_.metrics_listen, metrics_);
    if (!endpoint.ok()) {
      return Prefixed(absl::StrCat(config_.file, ": metrics.listen: "), endpoint.status());
    }
    metrics_endpoint_ = *std::move(endpoint);
  }
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Create({config_.listen, config_.max_request_bytes, config_.server, tls_.get(),
                      config_.authorization.enabled() || !config_.server.tls.client_ca_file.empty()
                          ? authorizer_.get()
                          : nullptr},
                     endpoints_, *surroundings_);
  if (!server.ok()) return Prefixed(absl::StrCat(config_.file, ": "), server.status());
  server_ = *std::move(server);
  if (!config_.server.health_listen.empty()) {
    Log(Severity::kInfo, "answering health checks", {{"port", int64_t{server_->health_port()}}});
  }
  if (!config_.server.probe_listen.empty()) {
    Log(Severity::kInfo, "answering probes", {{"port", int64_t{server_->probe_port()}}});
  }
  return absl::OkStatus();
}

void Gateway::WatchUpstreams() {
  if (!config_.health.upstream_readiness) return;
  std::vector<UpstreamHealth::Watched> upstreams;
  for (const auto& [name, upstream] : config_.upstreams) {
    upstreams.push_back({name, backends_->Find(name)});
  }
  upstream_health_ = std::make_unique<UpstreamHealth>(
      std::move(upstreams), [server = server_.get()](const std::string& upstream, bool alive) {
        server->SetUpstreamServing(upstream, alive);
      });
}

absl::Status Gateway::MakeAll() {
  absl::Status status = MakeRoutes();
  if (status.ok()) status = MakeBackends();
  if (status.ok()) status = MakeTelemetry();
  if (status.ok()) status = MakeAuthorizer();
  if (status.ok()) status = MakeWebhooks();
  if (status.ok()) status = MakeTls();
  return status;
}

absl::Status Gateway::Check(const Config& config) {
  Gateway gateway(config, mapping::EmbeddedFiles());
  return gateway.MakeAll();
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(const Config& config,
                                                         const mapping::Files& files) {
  std::unique_ptr<Gateway> gateway(new Gateway(config, files));
  absl::Status status = gateway->MakeAll();
  if (status.ok()) status = gateway->OpenAudit();
  if (status.ok()) status = gateway->MakeLedger();
  if (!status.ok()) return status;
  gateway->MakeEndpoints();
  gateway->MakeMetrics();
  status = gateway->Listen();
  if (!status.ok()) return status;
  gateway->WatchUpstreams();
  if (!config.file.empty()) {
    gateway->reloader_ = std::make_unique<Reloader>(
        config, gateway->fingerprint_,
        [self = gateway.get()](const Config& present) { self->security_files_->Reload(present); },
        [self = gateway.get()](const Config& changed) { return self->Apply(changed); },
        [self = gateway.get()] { self->backends_->Reap(); }, gateway->reloads_);
  }
  return gateway;
}

absl::Status Gateway::Apply(const Config& config) {
  if (absl::Status status = CheckConfig(config); !status.ok()) return status;
  auto webhooks = LoadWebhooks(config);  // first: what it may refuse changes nothing yet
  if (!webhooks.ok()) return webhooks.status();
  std::shared_ptr<const TlsMaterial> tls;
  if (config.server.tls.enabled()) {
    auto loaded = LoadServerTls(config);
    if (!loaded.ok()) return loaded.status();
    tls = *std::move(loaded);
  }
  auto authorization = LoadAuthorization(config, *authorizer_);
  if (!authorization.ok()) return authorization.status();
  if (absl::Status status = backends_->Apply(config); !status.ok()) return status;
  webhooks_->slot().Set(*std::move(webhooks));
  if (tls_ != nullptr) {
    authorizer_->SetClientAuthorities(tls->client_cas);
    tls_->Set(std::move(tls));
  }
  authorizer_->Set(*std::move(authorization));
  telemetry_->SetLogging(config.logging);
  const std::lock_guard lock(mutex_);
  config_ = config;
  return absl::OkStatus();
}

void Gateway::Drain() {
  absl::Duration delay;
  absl::Duration grace;
  {
    const std::lock_guard lock(mutex_);
    delay = config_.drain_delay;
    grace = config_.drain_grace;
  }
  upstream_health_ = nullptr;  // nothing is to be SERVING from here on
  server_->Drain(delay, grace);
  telemetry_->Flush();
}

}  // namespace gateway
