#include "service/log/log.h"

#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/time/clock.h"
#include "service/log/patient_writer.h"

namespace gateway {
namespace {

constexpr size_t kMaxText = 2000;

std::atomic<Severity> least_severity{Severity::kInfo};
std::atomic<uint64_t> lost{0};

}  // namespace

absl::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

void SetLogLevel(Severity least) { least_severity = least; }

bool IsLogged(Severity severity) {
  return severity >= least_severity.load(std::memory_order_relaxed);
}

void WriteLogLines(absl::string_view lines) {
  static PatientWriter writer;
  size_t done = 0;
  // If standard error fails, there is nowhere to report it.
  if (writer.Write(STDERR_FILENO, lines, done) == PatientWriter::kNoRoom) {
    lost += static_cast<uint64_t>(absl::c_count(lines.substr(done), '\n'));
  }
}

uint64_t LostLogLines() { return lost; }

void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields) {
  Log(severity, event, LogIds(), fields);
}

void Log(Severity severity, absl::string_view event, const LogIds& ids,
         std::initializer_list<LogField> fields) {
  if (!IsLogged(severity)) return;
  WriteLogLines(LogLine(absl::Now(), severity, event, ids, fields));
}

std::string LogLine(absl::Time time, Severity severity, absl::string_view event, const LogIds& ids,
                    std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
  line["severity"] = std::string(Name(severity));
  line["event"] = std::string(event);
  for (const LogField& field : fields) {
    auto& value = line[std::string(field.name)];
    if (const auto* text = absl::get_if<std::string>(&field.value)) {
      value = text->substr(0, kMaxText);
    } else {
      value = absl::get<int64_t>(field.value);
    }
  }
  if (!ids.trace_id.empty()) line["trace_id"] = ids.trace_id;
  if (!ids.span_id.empty()) line["span_id"] = ids.span_id;
  if (!ids.request_id.empty()) line["request_id"] = ids.request_id;
  std::string text = line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  text.push_back('\n');
  return text;
}

}  // namespace gateway
