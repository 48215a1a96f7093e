#include "service/telemetry/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace gateway {
namespace {

// What callers did is for the operators, not for everybody on the machine.
constexpr mode_t kMode = 0640;
// O_NONBLOCK: a pipe may have no reader yet, and the open must not wait for one.
constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;

}  // namespace

int OpenForAppend(const std::string& file) { return open(file.c_str(), kFlags | O_CREAT, kMode); }

int WhyNotForAppend(const std::string& file) {
  const int fd = open(file.c_str(), kFlags);
  if (fd >= 0) {
    close(fd);
    return 0;
  }
  if (errno != ENOENT) return errno;
  // The file does not exist: it would be made.
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

}  // namespace gateway
