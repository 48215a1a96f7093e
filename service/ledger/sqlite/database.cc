#include "service/ledger/sqlite/database.h"

#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return absl::StatusCode::kAborted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return kInUse;
    default:
      return absl::StatusCode::kInternal;
  }
}

// An attacker who can write the file must not reach more than its rows.
absl::Status Harden(SqliteDatabase& database) {
  struct Setting {
    int option;
    int value;
  };
  constexpr Setting kSettings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},
  };
  for (const Setting& setting : kSettings) {
    const int code = sqlite3_db_config(database.get(), setting.option, setting.value, nullptr);
    if (code != SQLITE_OK) return database.Error(code);
  }
  return database.Execute(
      "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768");
}

// Turns off SQLite's memory statistics: nobody reads them, and each allocation takes a lock for
// them. If SQLite is in use already, it refuses this, which does no harm.
void LeaveMemoryUncounted() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)done;
}

}  // namespace

absl::Status SqliteError(int code, const std::string& what) {
  return absl::Status(CodeOf(code),
                      absl::StrCat(what, " (", sqlite3_errstr(code), ", ", code, ")"));
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& file, const char* vfs) {
  LeaveMemoryUncounted();
  sqlite3* handle = nullptr;
  // Not SQLITE_OPEN_CREATE: a file that is gone must not come back empty.
  const int code = sqlite3_open_v2(
      file.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW,
      vfs);
  SqliteDatabase database(handle);
  if (code != SQLITE_OK) return SqliteError(code, handle ? sqlite3_errmsg(handle) : "no memory");
  sqlite3_extended_result_codes(handle, 1);
  if (const absl::Status hard = Harden(database); !hard.ok()) return hard;
  return database;
}

absl::Status SqliteDatabase::Error(int code) const {
  return SqliteError(code, sqlite3_errmsg(get()));
}

absl::Status SqliteDatabase::Execute(const char* sql) {
  const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<int64_t> SqliteDatabase::Number(const char* sql) {
  SqliteStatement statement(*this, sql);
  const absl::StatusOr<bool> row = statement.Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::DataLossError(absl::StrCat("no answer to ", sql));
  return statement.Number(0);
}

absl::StatusOr<std::string> SqliteDatabase::Text(const char* sql) {
  SqliteStatement statement(*this, sql);
  const absl::StatusOr<bool> row = statement.Step();
  if (!row.ok()) return row.status();
  const std::vector<Cell> cells = *row ? statement.Cells() : std::vector<Cell>();
  if (cells.size() != 1 || !std::holds_alternative<std::string>(cells[0])) {
    return absl::DataLossError(absl::StrCat("no answer to ", sql));
  }
  return std::get<std::string>(cells[0]);
}

SqliteStatement::SqliteStatement(const SqliteDatabase& database, const std::string& sql)
    : database_(database.get()) {
  sqlite3_stmt* handle = nullptr;
  prepared_ = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                 SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
}

// SQLITE_STATIC: SQLite does not copy the values. They stay alive until Reset, and each run binds
// all of them anew.
int SqliteStatement::Bind(absl::Span<const Value> values) {
  int place = 0;
  for (const Value& value : values) {
    ++place;
    int code = SQLITE_OK;
    if (const auto* const number = std::get_if<int64_t>(&value)) {
      code = sqlite3_bind_int64(handle_.get(), place, *number);
    } else if (const auto* const bytes = std::get_if<absl::string_view>(&value)) {
      // A null pointer would be bound as NULL.
      const char* const data = bytes->data() == nullptr ? "" : bytes->data();
      code = sqlite3_bind_blob64(handle_.get(), place, data, bytes->size(), SQLITE_STATIC);
    } else {
      code = sqlite3_bind_null(handle_.get(), place);
    }
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

absl::StatusOr<bool> SqliteStatement::Begin(absl::Span<const Value> values) {
  if (prepared_ == SQLITE_OK) {
    Reset();
    const int bound = Bind(values);
    if (bound != SQLITE_OK) return SqliteError(bound, sqlite3_errmsg(database_));
  }
  return Step();
}

absl::StatusOr<bool> SqliteStatement::Step() {
  if (prepared_ != SQLITE_OK) return SqliteError(prepared_, sqlite3_errmsg(database_));
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const absl::Status error = SqliteError(code, sqlite3_errmsg(database_));
  Reset();
  return error;
}

absl::StatusOr<int64_t> SqliteStatement::Run(absl::Span<const Value> values) {
  const absl::StatusOr<bool> row = Begin(values);
  Reset();
  if (!row.ok()) return row.status();
  return sqlite3_changes64(database_);
}

std::vector<Cell> SqliteStatement::Cells() const {
  std::vector<Cell> cells;
  const int count = sqlite3_column_count(handle_.get());
  cells.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    switch (sqlite3_column_type(handle_.get(), i)) {
      case SQLITE_INTEGER:
        cells.emplace_back(static_cast<int64_t>(sqlite3_column_int64(handle_.get(), i)));
        break;
      case SQLITE_BLOB:
      case SQLITE_TEXT: {
        const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), i));
        const auto size = static_cast<size_t>(sqlite3_column_bytes(handle_.get(), i));
        cells.emplace_back(bytes == nullptr ? std::string() : std::string(bytes, size));
        break;
      }
      default:
        cells.emplace_back(std::monostate());
    }
  }
  return cells;
}

void SqliteStatement::Reset() {
  if (handle_ != nullptr) sqlite3_reset(handle_.get());
}

}  // namespace gateway::ledger
