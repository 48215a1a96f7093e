#include "service/webhook_gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/config/prefixed.h"
#include "service/generation/open_events.h"
#include "service/generation/secret_files.h"
#include "service/log/log.h"

namespace gateway {

absl::StatusOr<std::unique_ptr<WebhookGateway>> WebhookGateway::Create(const Config& config) {
  std::unique_ptr<WebhookGateway> gateway(new WebhookGateway());
  if (absl::Status status = gateway->Start(config); !status.ok()) return status;
  return gateway;
}

absl::Status WebhookGateway::Start(const Config& config) {
  auto protos = Protos::Compile(config, mapping::EmbeddedFiles());
  if (!protos.ok()) return protos.status();
  protos_ = *std::move(protos);
  // Taken before Load reads the files, so that the reloader notices a change in between.
  const size_t fingerprint = Reloader::Fingerprint(config);
  auto generation = Load(config, protos_, /*before=*/nullptr);
  if (!generation.ok()) return generation.status();
  in_force_.Set(*std::move(generation));
  auto telemetry = Telemetry::Create(config);
  if (!telemetry.ok()) return telemetry.status();
  telemetry_ = *std::move(telemetry);
  auto events = OpenEvents(config.events);
  if (!events.ok()) return Prefixed(absl::StrCat(config.file, ": events."), events.status());
  events_ = *std::move(events);
  if (!config.events.file.empty()) {
    Log(Severity::kWarning,
        "events are kept in a file that no other process can read: nobody hands them out while "
        "this one runs",
        {{"file", config.events.file}});
  }
  reloader_ =
      std::make_unique<Reloader>(in_force_, fingerprint, protos_, [this](const Generation& next) {
        telemetry_->SetLogging(next.config.logging);
        const absl::Status renewed = RenewBodyKeys(next.config.events, *events_);
        if (renewed.ok()) return;
        Log(Severity::kError, "the log of events goes on with the keys that it has",
            {{"reason", std::string(renewed.message())}});
      });
  WarnOfReadableSecrets(config);
  return Listen(config);
}

absl::Status WebhookGateway::Listen(const Config& config) {
  auto receiving =
      Receiving::Create(config, *events_->log, events_->cipher, protos_.schemes, in_force_);
  if (!receiving.ok()) return receiving.status();
  receiving_ = *std::move(receiving);
  Metrics::Sources sources;
  sources.in_force = &in_force_;
  sources.drift = &drift_;
  sources.in_flight = &in_flight_;
  sources.reloader = reloader_.get();
  sources.telemetry = telemetry_.get();
  sources.events = events_.get();
  sources.intake = &receiving_->intake();
  sources.receiver = &receiving_->receiver();
  metrics_ = std::make_shared<Metrics>(std::move(sources));
  if (!config.metrics_listen.empty()) {
    auto endpoint = MetricsEndpoint::Create(config.metrics_listen, metrics_);
    if (!endpoint.ok()) {
      return Prefixed(absl::StrCat(config.file, ": metrics.listen: "), endpoint.status());
    }
    metrics_endpoint_ = *std::move(endpoint);
  }
  if (config.server.probe_listen.empty()) return absl::OkStatus();
  auto probes = PlainHttp::Create(config.server.probe_listen, [this](absl::string_view path) {
    if (path == "/healthz") return PlainHttp::Answer{200, "ok\n"};
    if (path != "/readyz") return PlainHttp::NotFound();
    return draining_ ? PlainHttp::Answer{503, "not serving\n"} : PlainHttp::Answer{200, "ok\n"};
  });
  if (!probes.ok()) {
    return Prefixed(absl::StrCat(config.file, ": server.probe_listen: "), probes.status());
  }
  probes_ = *std::move(probes);
  Log(Severity::kInfo, "answering probes", {{"port", int64_t{probes_->port()}}});
  return absl::OkStatus();
}

void WebhookGateway::Drain() {
  draining_ = true;
  absl::SleepFor(in_force_.Get()->config.drain_delay);
  receiving_->receiver().Stop();
  telemetry_->Flush();
}

}  // namespace gateway
