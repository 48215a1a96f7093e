// The tables of an SQLite file, their versions, and the checks when the file is opened. For the
// ledger and for other stores, such as the log of events.
//
// A new version of a schema is one more step at the end of its steps. A step that was released
// never changes.
//
// Thread-safety: none; the store's thread.
#ifndef SERVICE_LEDGER_SQLITE_SCHEMA_H_
#define SERVICE_LEDGER_SQLITE_SCHEMA_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/ledger/sqlite/database.h"

namespace gateway::ledger {

inline constexpr int64_t kSqlitePageBytes = 4096;

// A kind of file. Its version n is made by the first n steps.
struct SqliteKind {
  absl::string_view name;               // "ledger", for errors
  int64_t application_id;               // marks its files, in PRAGMA application_id
  absl::Span<const char* const> steps;  // SQL
};
extern const SqliteKind kLedgerFile;

// Makes a file with empty tables. It appears under its name complete, or not at all.
absl::Status CreateSqliteFile(const SqliteKind& kind, const std::string& file, const char* vfs);

struct SqliteChecks {
  // A file up to this size is read as a whole: a torn page or an index that lacks an entry is found
  // at the start. A larger one is checked for its size; a torn page then shows when it is read.
  int64_t read_all_up_to = int64_t{256} << 20;
};

// Takes the lock, checks the file, brings an older file up to date, and makes commits durable.
// kInUse: another process has the file. FAILED_PRECONDITION: the file is of a newer program.
// DATA_LOSS: the file is torn, or of another kind.
//
// Before it returns, it writes the content of the log (-wal) into the file and syncs the file:
// after an earlier sync has failed, that content may be in the page cache only.
absl::Status OpenSqliteSchema(const SqliteKind& kind, SqliteDatabase& database,
                              const SqliteChecks& checks);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_SCHEMA_H_
