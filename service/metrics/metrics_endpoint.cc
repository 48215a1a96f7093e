#include "service/metrics/metrics_endpoint.h"

namespace gateway {

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Create(
    const std::string& listen, std::shared_ptr<Metrics> metrics) {
  auto server = PlainHttp::Create(listen, [metrics = std::move(metrics)](absl::string_view path) {
    if (path != "/metrics") return PlainHttp::NotFound();
    return PlainHttp::Answer{200, metrics->Text(), "text/plain; version=0.0.4; charset=utf-8"};
  });
  if (!server.ok()) return server.status();
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(*std::move(server)));
}

}  // namespace gateway
