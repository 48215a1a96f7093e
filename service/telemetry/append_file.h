// Files that lines are appended to.
//
// Thread-safety: functions without state. Errors: errno.
#ifndef SERVICE_TELEMETRY_APPEND_FILE_H_
#define SERVICE_TELEMETRY_APPEND_FILE_H_

#include <string>

namespace gateway {

// Returns the descriptor, which does not block, or -1 with errno. Makes the file, readable for
// owner and group, unless it exists.
int OpenForAppend(const std::string& file);

// Returns the errno with which OpenForAppend would fail now; 0: it would succeed. Makes no file.
int WhyNotForAppend(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_APPEND_FILE_H_
