// Serves metrics over HTTP, at /metrics, on a port of their own.
//
// Thread-safety: construction and destruction belong to one thread. Lifetime: has threads of its
// own until it is destroyed.
#ifndef SERVICE_METRICS_ENDPOINT_H_
#define SERVICE_METRICS_ENDPOINT_H_

#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/metrics.h"

namespace gateway {

class MetricsEndpoint {
 public:
  // `listen`: "127.0.0.1:9464", port 0 for any that is free. UNAVAILABLE where it cannot be had.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Create(const std::string& listen,
                                                                 std::shared_ptr<Metrics> metrics);

  int port() const;

 private:
  MetricsEndpoint(const std::string& listen, std::shared_ptr<Metrics> metrics);

  const std::shared_ptr<Metrics> metrics_;
  prometheus::Exposer exposer_;
};

}  // namespace gateway

#endif  // SERVICE_METRICS_ENDPOINT_H_
