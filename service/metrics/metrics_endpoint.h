// Serves metrics over HTTP, at /metrics, on a port of their own.
//
// Thread-safety: construction and destruction belong to one thread. Lifetime: has a thread of its
// own until it is destroyed.
#ifndef SERVICE_METRICS_METRICS_ENDPOINT_H_
#define SERVICE_METRICS_METRICS_ENDPOINT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "service/metrics/metrics.h"
#include "service/port/plain_http.h"

namespace gateway {

class MetricsEndpoint {
 public:
  // `listen` is such as "127.0.0.1:9464"; port 0 picks a free port. UNAVAILABLE if it cannot listen
  // there.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Create(const std::string& listen,
                                                                 std::shared_ptr<Metrics> metrics);

  int port() const { return server_->port(); }

 private:
  explicit MetricsEndpoint(std::unique_ptr<PlainHttp> server) : server_(std::move(server)) {}

  const std::unique_ptr<PlainHttp> server_;
};

}  // namespace gateway

#endif  // SERVICE_METRICS_METRICS_ENDPOINT_H_
