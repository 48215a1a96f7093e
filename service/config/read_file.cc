#include "service/config/read_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

// Whether everybody can replace files in the folder. With the sticky bit (/tmp) nobody can replace
// another user's file. If the volume is mounted read-only, as Kubernetes mounts a ConfigMap, the
// folder's mode does not matter.
bool LetsEverybodyReplace(const fs::path& folder) {
  struct stat about;
  if (stat(folder.c_str(), &about) != 0) return false;
  if ((about.st_mode & S_IWOTH) == 0 || (about.st_mode & S_ISVTX) != 0) return false;
  struct statvfs volume;
  return statvfs(folder.c_str(), &volume) != 0 || (volume.f_flag & ST_RDONLY) == 0;
}

bool AnyLetsEverybodyReplace(const fs::path& file) {
  for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    if (LetsEverybodyReplace(folder)) return true;
    if (folder == folder.root_path()) break;
  }
  return false;
}

}  // namespace

// Does not use a stream, because its buffer would keep a copy of the text, which may be a key.
std::optional<std::string> ReadFile(const std::string& file) {
  // Without O_NONBLOCK, open() itself would block on a pipe that nobody writes to.
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(fd);
    return std::nullopt;
  }
  std::string text;
  if (about.st_size > 0) text.reserve(static_cast<size_t>(about.st_size));
  char piece[4096];
  ssize_t size = 0;
  while ((size = read(fd, piece, sizeof(piece))) > 0 || (size < 0 && errno == EINTR)) {
    if (size > 0) text.append(piece, static_cast<size_t>(size));
  }
  explicit_bzero(piece, sizeof(piece));
  close(fd);
  if (size < 0) return std::nullopt;
  return text;
}

std::string WhyUnreadable(const std::string& file) {
  struct stat about;
  const bool other = stat(file.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
  return other ? "is no regular file" : "cannot be read";
}

std::string AgainstWriters(const std::string& file) {
  struct stat about;
  if (stat(file.c_str(), &about) != 0) return "";
  if (S_ISREG(about.st_mode) && (about.st_mode & S_IWOTH) != 0) {
    return "can be written by everybody on this machine";
  }
  // Checks both the folder of the name and the folder that its links lead to.
  std::error_code error;
  const fs::path named = fs::absolute(file, error);
  const fs::path real = fs::canonical(file, error);
  if (AnyLetsEverybodyReplace(named) || (!error && AnyLetsEverybodyReplace(real))) {
    return "is in a folder that everybody on this machine can write";
  }
  return "";
}

absl::StatusOr<std::string> ReadTrustedFile(const std::string& file) {
  const std::string writers = AgainstWriters(file);
  if (!writers.empty()) return absl::InvalidArgumentError(writers);
  std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError(absl::StrCat(file, " ", WhyUnreadable(file)));
  return *std::move(text);
}

}  // namespace gateway
