// SQLite's two handles, each wrapped once: a connection and a prepared statement.
//
//   SqliteStatement find(database, "SELECT number FROM entries WHERE id = ?");
//   const absl::StatusOr<bool> row = find.Begin({id.bytes()});
//   if (row.ok() && *row) Use(find.Number(0));
//   find.Reset();
//
// Thread-safety: none; one thread at a time. Lifetime: a statement must not outlive its connection.
// Errors: a status whose code says what to do (see SqliteError).
#ifndef SERVICE_LEDGER_SQLITE_DATABASE_H_
#define SERVICE_LEDGER_SQLITE_DATABASE_H_

#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "service/ledger/row.h"

namespace gateway::ledger {

// RESOURCE_EXHAUSTED  no room: the connection stays good
// PERMISSION_DENIED   read-only: the connection stays good
// ABORTED             an I/O error: open the file anew before it is used again
// DATA_LOSS           the file is damaged, or is no SQLite database
// ALREADY_EXISTS      another process has the file (kInUse)
// INTERNAL            everything else
inline constexpr absl::StatusCode kInUse = absl::StatusCode::kAlreadyExists;
absl::Status SqliteError(int code, const std::string& what);

class SqliteDatabase {
 public:
  // Opens the file without extensions, with SQLite's defensive settings, and with a lock that is
  // held until the connection is closed. `vfs`: the name of an SQLite VFS; null: the default VFS.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& file, const char* vfs);

  absl::Status Execute(const char* sql);
  // Returns the only value of the only row, as a number.
  absl::StatusOr<int64_t> Number(const char* sql);
  absl::StatusOr<std::string> Text(const char* sql);

  // Returns what went wrong in the last call.
  absl::Status Error(int code) const;

  sqlite3* get() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit SqliteDatabase(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

class SqliteStatement {
 public:
  // An error in `sql` is returned by the first Begin, Step or Run.
  SqliteStatement(const SqliteDatabase& database, const std::string& sql);

  // Runs the statement from its start with these values, which must stay alive until Reset.
  // Returns whether there is a row.
  absl::StatusOr<bool> Begin(absl::Span<const Value> values);
  // Goes to the next row. Returns whether there is one.
  absl::StatusOr<bool> Step();
  // For a statement that gives no rows. Returns how many rows it has changed.
  absl::StatusOr<int64_t> Run(absl::Span<const Value> values);

  std::vector<Cell> Cells() const;
  int64_t Number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  bool IsNull(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  // Ends the run of the statement, and releases what the run holds of the database.
  void Reset();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };

  int Bind(absl::Span<const Value> values);

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int prepared_;  // SQLite's result code of the preparation
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_DATABASE_H_
