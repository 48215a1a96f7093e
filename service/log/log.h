// One JSON object per line on standard error.
//
//   Log(Severity::kWarning, "upstream refused the key",
//       {{"upstream", name}, {"http_status", 401}});
//
// The caller chooses each field; there is no way to log a whole message or header. Text from
// outside is escaped and cut.
//
// If standard error has no room for a line within 0.1 s, the line is lost, and so are later lines
// until there is room again: a reader of the log must not be able to stop the service.
//
// Thread-safety: may be called from any thread; lines do not mix. No thread waits longer than these
// 0.1 s, however many lines others write.
#ifndef SERVICE_LOG_LOG_H_
#define SERVICE_LOG_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/variant.h"

namespace gateway {

// Identify the log lines of one call. Empty ids are left out of the line.
struct LogIds {
  std::string trace_id;
  std::string span_id;
  std::string request_id;
};

// Provides the ids of a call. Is asked only when a line is written.
class LogIdSource {
 public:
  virtual LogIds ids() const = 0;

 protected:
  ~LogIdSource() = default;
};

enum class Severity { kInfo, kWarning, kError };

// "info", "warning", "error".
absl::string_view Name(Severity severity);

// From now on, the whole process leaves out lines below this severity. The initial level is kInfo,
// which leaves out none.
void SetLogLevel(Severity least);
bool IsLogged(Severity severity);

struct LogField {
  absl::string_view name;
  absl::variant<std::string, int64_t> value;
};

void Log(Severity severity, absl::string_view event, std::initializer_list<LogField> fields = {});

// A line that belongs to a call.
void Log(Severity severity, absl::string_view event, const LogIds& ids,
         std::initializer_list<LogField> fields);

// For callers that write many lines at a time and check IsLogged themselves: LogLine formats one
// line with its line end, and WriteLogLines writes such lines. It waits 0.1 s in all: a caller that
// may wait longer passes few lines at a time.
std::string LogLine(absl::Time time, Severity severity, absl::string_view event, const LogIds& ids,
                    std::initializer_list<LogField> fields);
void WriteLogLines(absl::string_view lines);

// How many lines were lost so far because standard error had no room.
uint64_t LostLogLines();

}  // namespace gateway

#endif  // SERVICE_LOG_LOG_H_
