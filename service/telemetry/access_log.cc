#include "service/telemetry/access_log.h"

#include <cstddef>
#include <initializer_list>
#include <utility>

#include "service/telemetry/trace_context.h"

namespace gateway {
namespace {

constexpr size_t kBytesOfPart = 4096;

Severity SeverityOf(CallStats::End end) {
  return end == CallStats::End::kOk ? Severity::kInfo : Severity::kWarning;
}

std::string LineOf(const AccessEntry& entry) {
  const LogField operation = {"operation", entry.operation->full_name};
  const LogField code = {"code", absl::StatusCodeToString(entry.code)};
  const LogField outcome = {"outcome", std::string(CallStats::Name(entry.end))};
  const LogField duration = {"duration_us", absl::ToInt64Microseconds(entry.took)};
  const LogField http_status = {"http_status", int64_t{entry.http_status}};
  const LogField attempts = {"attempts", int64_t{entry.attempts}};
  const LogField peer = {"peer", entry.peer};
  const auto line = [&](std::initializer_list<LogField> fields) {
    return LogLine(entry.ended, SeverityOf(entry.end), "call", entry.ids, fields);
  };
  if (entry.left_out == 0) {
    return line({operation, code, outcome, duration, http_status, attempts, peer});
  }
  return line({operation,
               code,
               outcome,
               duration,
               http_status,
               attempts,
               peer,
               {"left_out", static_cast<int64_t>(entry.left_out)}});
}

// Writes the batch in small parts. Each part has its own time to wait for a slow reader, so a batch
// may take long: only the thread of this log waits for it.
void WriteAll(const std::vector<AccessEntry>& batch) {
  std::string lines;
  for (const AccessEntry& entry : batch) {
    lines += LineOf(entry);
    if (lines.size() >= kBytesOfPart) WriteLogLines(std::exchange(lines, {}));
  }
  WriteLogLines(lines);
}

}  // namespace

AccessLog::AccessLog(double sample_ratio, const BatcherOptions& options)
    : sample_ratio_(sample_ratio),
      batcher_(options, [](std::vector<AccessEntry>& batch) { WriteAll(batch); }) {}

std::optional<uint64_t> AccessLog::Wants(CallStats::End end, uint64_t random) {
  if (!IsLogged(SeverityOf(end))) return std::nullopt;
  if (end == CallStats::End::kUnknown) return 0;
  if (end != CallStats::End::kOk) return failures_.Pass();
  const bool sampled = IsSampled(random, sample_ratio_.load(std::memory_order_relaxed));
  return sampled ? std::optional<uint64_t>(0) : std::nullopt;
}

}  // namespace gateway
