// Writes spans to a file, on a thread of its own.
//
// Thread-safety: may be used from any thread. Lifetime: the destructor writes what is left; the
// operations that spans point to must outlive it.
#ifndef SERVICE_TELEMETRY_SPAN_EXPORTER_H_
#define SERVICE_TELEMETRY_SPAN_EXPORTER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/config/observability_config.h"
#include "service/log/line_budget.h"
#include "service/log/log_throttle.h"
#include "service/telemetry/batcher.h"
#include "service/telemetry/otlp_json.h"
#include "service/telemetry/span.h"
#include "service/telemetry/span_file.h"

namespace gateway {

class SpanExporter {
 public:
  // `capacity` counts calls, not spans.
  static constexpr BatcherOptions kDefaults = {.capacity = 4096, .patience = absl::Seconds(1)};

  // UNAVAILABLE if the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<SpanExporter>> Create(
      const TracingConfig& config, const BatcherOptions& options = kDefaults);

  // The limit for calls that were not sent, per second and at once. Anybody with a connection can
  // cause such calls as often as they like, and ask that the calls are traced.
  static constexpr double kNotSentPerSecond = 50;
  static constexpr double kNotSentAtOnce = 1000;

  // Whether a call that was not sent is to be exported. If not, left_out() counts the call.
  bool WantsNotSent();

  // Never blocks. A call that finds no room is dropped.
  void Export(CallSpan call) { batcher_.Push(std::move(call)); }

  // Waits until all calls from before are written.
  void Flush() { batcher_.Flush(); }

  // Calls whose spans were written.
  uint64_t exported() const { return exported_.load(std::memory_order_relaxed); }
  // Calls whose spans were lost, for lack of room or because the file could not be written.
  uint64_t dropped() const {
    return batcher_.dropped() + unwritten_.load(std::memory_order_relaxed);
  }

  // Calls for which WantsNotSent has returned false.
  uint64_t left_out() const { return left_out_.load(std::memory_order_relaxed); }

 private:
  SpanExporter(std::unique_ptr<SpanFile> file, const BatcherOptions& options);
  void Write(const std::vector<CallSpan>& batch);

  const Resource resource_;
  const std::unique_ptr<SpanFile> file_;  // used by the batcher's thread only
  LogThrottle log_;
  LineBudget not_sent_{kNotSentPerSecond, kNotSentAtOnce};
  std::atomic<uint64_t> left_out_{0};
  std::atomic<uint64_t> exported_{0};
  std::atomic<uint64_t> unwritten_{0};
  Batcher<CallSpan> batcher_;  // last: its thread uses the others
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_SPAN_EXPORTER_H_
