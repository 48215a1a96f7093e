// A store's file and its folder: who may read them, and whether the file is one to trust.
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

// Makes the folder (mode 0700) unless it exists. Its parent must exist. FAILED_PRECONDITION: others
// may enter it, or it is on another machine.
absl::Status PrepareFolder(const std::string& file);

// Whether the file is there. FAILED_PRECONDITION: others may read it, or it is no plain
// file. DATA_LOSS: it is gone and its log (-wal) is there, or it is empty. Such a file is never
// replaced by a fresh one.
absl::StatusOr<bool> FindSqliteFile(const std::string& file);

// Makes an empty file (mode 0600). Fails if it exists.
absl::Status MakeEmptyFile(const std::string& file);

// Gives a finished file its name, durably, and never in place of another. ALREADY_EXISTS: another
// process was faster.
absl::Status PutInPlace(const std::string& finished, const std::string& file);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_FILES_H_
