#include "service/access_log.h"

#include "service/trace_context.h"

namespace gateway {
namespace {

Severity SeverityOf(CallStats::End end) {
  return end == CallStats::End::kOk ? Severity::kInfo : Severity::kWarning;
}

std::string LineOf(const AccessEntry& entry) {
  return LogLine(entry.ended, SeverityOf(entry.end), "call", entry.ids,
                 {{"operation", entry.operation->full_name},
                  {"code", absl::StatusCodeToString(entry.code)},
                  {"outcome", std::string(CallStats::Name(entry.end))},
                  {"duration_us", absl::ToInt64Microseconds(entry.took)},
                  {"http_status", int64_t{entry.http_status}},
                  {"attempts", int64_t{entry.attempts}},
                  {"peer", entry.peer}});
}

void WriteAll(const std::vector<AccessEntry>& batch) {
  std::string lines;
  for (const AccessEntry& entry : batch) lines += LineOf(entry);
  WriteLogLines(lines);
}

}  // namespace

AccessLog::AccessLog(double sample_ratio, const BatcherOptions& options)
    : sample_ratio_(sample_ratio),
      batcher_(options, [](std::vector<AccessEntry>& batch) { WriteAll(batch); }) {}

bool AccessLog::Wants(CallStats::End end, uint64_t random) const {
  if (!IsLogged(SeverityOf(end))) return false;
  return end != CallStats::End::kOk ||
         IsSampled(random, sample_ratio_.load(std::memory_order_relaxed));
}

}  // namespace gateway
