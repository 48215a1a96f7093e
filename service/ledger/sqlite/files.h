// Checks and makes a store's file and its folder: who may read them, and whether the file can be
// trusted.
//
// Thread-safety: functions without state. Errors: a status that names the file or folder.
#ifndef SERVICE_LEDGER_SQLITE_FILES_H_
#define SERVICE_LEDGER_SQLITE_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gateway::ledger {

// `type` is the f_type of statfs(2). Locks and syncs of a network file system cannot be relied on.
bool IsNetworkFileSystem(int64_t type);

// Makes the folder of `file` (mode 0700) unless it exists. The folder's parent must exist.
// FAILED_PRECONDITION: others may enter the folder, it is no folder, or it is on a network file
// system.
absl::Status PrepareFolder(const std::string& file);

// Whether the file exists. FAILED_PRECONDITION: others may read it, or it is no plain file.
// DATA_LOSS: the file is gone but its log (-wal) exists, or the file is empty. In these cases no
// new file may be made in its place.
absl::StatusOr<bool> FindSqliteFile(const std::string& file);

// Returns the error that PrepareFolder or FindSqliteFile would return, and makes nothing. If the
// folder does not exist, returns OK.
absl::Status CheckSqliteFile(const std::string& file);

// Makes an empty file (mode 0600). Fails if it exists.
absl::Status MakeEmptyFile(const std::string& file);

// Renames a finished file to `file`, durably, and never replaces another file. ALREADY_EXISTS:
// another process was faster.
absl::Status PutInPlace(const std::string& finished, const std::string& file);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_FILES_H_
