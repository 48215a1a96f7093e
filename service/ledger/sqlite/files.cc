#include "service/ledger/sqlite/files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

constexpr mode_t kOfOthers = S_IRWXG | S_IRWXO;

std::string FolderOf(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

absl::Status Refused(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(path, " ", why));
}

absl::Status SystemError(absl::string_view path, absl::string_view what) {
  char buffer[128];
  return absl::UnavailableError(
      absl::StrCat(path, " ", what, ": ", strerror_r(errno, buffer, sizeof(buffer))));
}

// Makes what was done to the file or folder durable.
absl::Status Sync(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return SystemError(path, "cannot be opened");
  const bool synced = fsync(fd) == 0;
  const absl::Status status =
      synced ? absl::OkStatus() : SystemError(path, "cannot be written to the disk");
  close(fd);
  return status;
}

bool Exists(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0;
}

absl::Status CheckFolder(const std::string& folder) {
  struct stat found;
  if (stat(folder.c_str(), &found) != 0) return SystemError(folder, "cannot be looked at");
  if (!S_ISDIR(found.st_mode)) return Refused(folder, "is no folder");
  if ((found.st_mode & kOfOthers) != 0) {
    return Refused(folder, "is open to others: it has to have the mode 0700");
  }
  struct statfs system;
  if (statfs(folder.c_str(), &system) != 0) return SystemError(folder, "cannot be looked at");
  if (IsNetworkFileSystem(static_cast<int64_t>(system.f_type))) {
    return Refused(folder,
                   "is on a network file system, whose locks and syncs cannot be relied on");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsNetworkFileSystem(int64_t type) {
  // From linux/magic.h, and from the file systems themselves.
  constexpr uint32_t kNetwork[] = {
      0x6969,      // NFS
      0x517B,      // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB 2
      0x5346414F,  // AFS
      0x73757245,  // Coda
      0x564C,      // NCP
      0x00C36400,  // Ceph
      0x0BD00BD0,  // Lustre
      0x01161970,  // GFS 2
      0x7461636F,  // OCFS 2
  };
  for (const uint32_t network : kNetwork) {
    if (static_cast<uint32_t>(type) == network) return true;
  }
  return false;
}

absl::Status PrepareFolder(const std::string& file) {
  const std::string folder = FolderOf(file);
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return SystemError(folder, "cannot be made");
  }
  return CheckFolder(folder);
}

absl::Status CheckSqliteFile(const std::string& file) {
  const std::string folder = FolderOf(file);
  if (!Exists(folder)) return absl::OkStatus();
  if (absl::Status status = CheckFolder(folder); !status.ok()) return status;
  if (access(folder.c_str(), W_OK | X_OK) != 0) return SystemError(folder, "cannot be written");
  return FindSqliteFile(file).status();
}

absl::StatusOr<bool> FindSqliteFile(const std::string& file) {
  struct stat found;
  if (lstat(file.c_str(), &found) != 0) {
    if (errno != ENOENT) return SystemError(file, "cannot be looked at");
    if (Exists(absl::StrCat(file, "-wal"))) {
      return absl::DataLossError(
          absl::StrCat(file, " is gone, but its log (-wal) is there: restore the file"));
    }
    return false;
  }
  if (!S_ISREG(found.st_mode)) return Refused(file, "is no plain file");
  if ((found.st_mode & kOfOthers) != 0) {
    return Refused(file, "is open to others: it has to have the mode 0600");
  }
  if (found.st_size == 0) {
    return absl::DataLossError(absl::StrCat(file, " is empty, which a store never is"));
  }
  return true;
}

absl::Status MakeEmptyFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError(file, "cannot be made");
  close(fd);
  return absl::OkStatus();
}

absl::Status PutInPlace(const std::string& finished, const std::string& file) {
  if (const absl::Status synced = Sync(finished, O_RDWR); !synced.ok()) return synced;
  if (link(finished.c_str(), file.c_str()) != 0) {
    if (errno == EEXIST) return absl::AlreadyExistsError(file);
    return SystemError(file, "cannot be made");
  }
  unlink(finished.c_str());
  return Sync(FolderOf(file), O_RDONLY | O_DIRECTORY);
}

}  // namespace gateway::ledger
