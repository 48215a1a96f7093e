// The sinks that calls report to: the access log and the span exporter.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the calls; operations must
// outlive it.
#ifndef SERVICE_TELEMETRY_TELEMETRY_H_
#define SERVICE_TELEMETRY_TELEMETRY_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/telemetry/access_log.h"
#include "service/telemetry/span_exporter.h"

namespace gateway {

class Telemetry {
 public:
  // If a file cannot be opened, the error names the file and the key.
  static absl::StatusOr<std::unique_ptr<Telemetry>> Create(const Config& config);

  // Returns the error with which Create would fail, and makes no file.
  static absl::Status Check(const Config& config);

  AccessLog& access_log() const { return *access_log_; }

  // Null if spans are not written.
  SpanExporter* spans() const { return spans_.get(); }
  // The share of the traces that begin here which is sampled; 0 if spans are not written.
  double sample_ratio() const { return spans_ == nullptr ? 0 : sample_ratio_; }

  // Applies changed logging settings.
  void SetLogging(const LoggingConfig& config);

  // Waits until everything that calls have reported is written.
  void Flush();

 private:
  Telemetry() = default;

  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<SpanExporter> spans_;
  double sample_ratio_ = 0;
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_TELEMETRY_H_
