#include "service/telemetry/telemetry.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"

namespace gateway {

absl::StatusOr<std::unique_ptr<Telemetry>> Telemetry::Create(const Config& config) {
  std::unique_ptr<Telemetry> telemetry(new Telemetry());
  SetLogLevel(config.logging.level);
  telemetry->access_log_ = std::make_unique<AccessLog>(config.logging.access_sample_ratio);
  telemetry->sample_ratio_ = config.tracing.sample_ratio;
  if (!config.tracing.file.empty()) {
    auto spans = SpanExporter::Create(config.tracing);
    if (!spans.ok()) {
      return Prefixed(absl::StrCat(config.file, ": tracing.file: "), spans.status());
    }
    telemetry->spans_ = *std::move(spans);
  }
  return telemetry;
}

void Telemetry::SetLogging(const LoggingConfig& config) {
  SetLogLevel(config.level);
  access_log_->SetSampleRatio(config.access_sample_ratio);
}

void Telemetry::Flush() {
  access_log_->Flush();
  if (spans_ != nullptr) spans_->Flush();
}

}  // namespace gateway
