// The tables of a SQLite file, their versions, and what is checked when one is opened: of a ledger,
// or of something else that is stored in the same way.
//
// A new version of the schema is a further step behind the others of its kind; a step that was
// released never changes.
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
  int64_t application_id;               // tells its files from other SQLite files
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

// Takes the lock. Refuses a file that is of another kind, torn, or of a newer program. Brings an
// older file up to date, and sets what every commit relies on. kInUse: another process has the
// file. FAILED_PRECONDITION: it is of a newer program. DATA_LOSS: it is torn, or of another kind.
//
// What the log (-wal) holds is written into the file and synced before this returns: after an error
// of a sync, what the log seems to hold may be in the page cache alone.
absl::Status OpenSqliteSchema(const SqliteKind& kind, SqliteDatabase& database,
                              const SqliteChecks& checks);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_SCHEMA_H_
