#include "service/metrics_endpoint.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway {

MetricsEndpoint::MetricsEndpoint(const std::string& listen, std::shared_ptr<Metrics> metrics)
    : metrics_(std::move(metrics)), exposer_(listen, 1) {
  exposer_.RegisterCollectable(metrics_);
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Create(
    const std::string& listen, std::shared_ptr<Metrics> metrics) {
  try {
    return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(listen, std::move(metrics)));
  } catch (const std::exception&) {  // its message does not say why
    return absl::UnavailableError(absl::StrCat("cannot listen on ", listen));
  }
}

int MetricsEndpoint::port() const { return exposer_.GetListeningPorts().front(); }

}  // namespace gateway
