// Reads and writes whole files. Errors carry the path and the system's reason.
#ifndef TOOLS_APIGEN_COMMITTED_FILES_H_
#define TOOLS_APIGEN_COMMITTED_FILES_H_

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gateway::apigen {

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

// Creates missing parent directories.
absl::Status WriteFile(const std::filesystem::path& path, const std::string& text);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_COMMITTED_FILES_H_
