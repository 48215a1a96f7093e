#include "service/telemetry/telemetry.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/telemetry/span_file.h"

namespace gateway {
namespace {

absl::Status OfTracing(const Config& config, const absl::Status& status) {
  return Prefixed(absl::StrCat(config.file, ": tracing.file: "), status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Telemetry>> Telemetry::Create(const Config& config) {
  std::unique_ptr<Telemetry> telemetry(new Telemetry());
  SetLogLevel(config.logging.level);
  telemetry->access_log_ = std::make_unique<AccessLog>(config.logging.access_sample_ratio);
  telemetry->sample_ratio_ = config.tracing.sample_ratio;
  if (!config.tracing.file.empty()) {
    auto spans = SpanExporter::Create(config.tracing);
    if (!spans.ok()) return OfTracing(config, spans.status());
    telemetry->spans_ = *std::move(spans);
  }
  return telemetry;
}

absl::Status Telemetry::Check(const Config& config) {
  if (config.tracing.file.empty()) return absl::OkStatus();
  return OfTracing(config, SpanFile::Check(config.tracing.file));
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
