#include "service/ledger/sqlite/schema.h"

#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/files.h"

namespace gateway::ledger {
namespace {

// State 1 is INTENT, 4 is UNKNOWN; kept 0 is an entry that has not ended. See entry.h and row.h.
constexpr char kFirst[] = R"(
CREATE TABLE entries(
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  scope BLOB NOT NULL UNIQUE,
  fingerprint BLOB NOT NULL,
  identity BLOB NOT NULL,
  upstream BLOB NOT NULL,
  store BLOB NOT NULL,
  rpc BLOB NOT NULL,
  created INTEGER NOT NULL,
  guard BLOB,
  state INTEGER NOT NULL,
  release INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  note BLOB NOT NULL,
  resolver BLOB NOT NULL,
  progress BLOB NOT NULL,
  before_send BLOB,
  reply BLOB,
  kept INTEGER NOT NULL,
  looks INTEGER NOT NULL,
  next_look INTEGER NOT NULL,
  leased_until INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX held_guards ON entries(upstream, store, guard)
  WHERE guard IS NOT NULL AND kept = 0;
CREATE INDEX intents ON entries(number) WHERE state = 1;
CREATE INDEX unknown_ages ON entries(changed) WHERE state = 4;
CREATE INDEX unknown_looks ON entries(next_look) WHERE state = 4;
CREATE INDEX ended ON entries(kept, changed) WHERE kept > 0;
CREATE TABLE counts(state INTEGER PRIMARY KEY, entries INTEGER NOT NULL) STRICT;
-- By state; 0 counts the writes that tried whether the file can be written.
INSERT INTO counts VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0);
)";

// The second version: an index for ClaimAnswer::recent.
constexpr char kSecond[] = R"(
CREATE INDEX recent_guards ON entries(upstream, store, guard, changed)
  WHERE guard IS NOT NULL AND kept = 1;
)";

constexpr const char* kSteps[] = {kFirst, kSecond};

int64_t NewestOf(const SqliteKind& kind) { return static_cast<int64_t>(kind.steps.size()); }

absl::Status Torn(absl::string_view why) { return absl::DataLossError(why); }

// Brings the file from `version` to the newest, in one transaction.
absl::Status Migrate(const SqliteKind& kind, SqliteDatabase& database, int64_t version) {
  const int64_t newest = NewestOf(kind);
  if (version == newest) return absl::OkStatus();
  std::string sql = "BEGIN EXCLUSIVE;";
  for (int64_t i = version; i < newest; ++i) {
    absl::StrAppend(&sql, kind.steps[static_cast<size_t>(i)]);
  }
  absl::StrAppend(&sql, "PRAGMA user_version=", newest, "; COMMIT;");
  return database.Execute(sql.c_str());
}

absl::Status CheckKind(const SqliteKind& kind, SqliteDatabase& database, int64_t& version) {
  const absl::StatusOr<int64_t> application = database.Number("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != kind.application_id) return Torn(absl::StrCat("is no ", kind.name));
  const absl::StatusOr<int64_t> found = database.Number("PRAGMA user_version");
  if (!found.ok()) return found.status();
  version = *found;
  if (version < 1) return Torn(absl::StrCat("is no ", kind.name));
  if (version > NewestOf(kind)) {
    return absl::FailedPreconditionError(absl::StrCat("is of a newer program: it has version ",
                                                      version,
                                                      " of the schema, and this "
                                                      "program knows ",
                                                      NewestOf(kind)));
  }
  return absl::OkStatus();
}

// Compares the file's size with the size in its header. Reads both through SQLite: to close another
// descriptor of the file would give up the process's locks on it (fcntl(2)). Returns OK without a
// check if the log (-wal) holds a part of the file.
absl::Status CheckSize(SqliteDatabase& database) {
  sqlite3_file* file = nullptr;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  sqlite3_int64 size = 0;
  sqlite3_int64 log_size = 0;
  if (log != nullptr && log->pMethods != nullptr) log->pMethods->xFileSize(log, &log_size);
  if (log_size != 0 || file == nullptr || file->pMethods == nullptr) return absl::OkStatus();
  unsigned char header[100];
  if (file->pMethods->xFileSize(file, &size) != SQLITE_OK ||
      file->pMethods->xRead(file, header, sizeof(header), 0) != SQLITE_OK) {
    return Torn("is torn: it has no whole header");
  }
  const int64_t pages =
      (int64_t{header[28]} << 24) | (header[29] << 16) | (header[30] << 8) | header[31];
  if (size < pages * kSqlitePageBytes) {
    return Torn(absl::StrCat("is torn: it has ", size, " bytes of ", pages * kSqlitePageBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckContent(SqliteDatabase& database, const SqliteChecks& checks) {
  const absl::StatusOr<int64_t> pages = database.Number("PRAGMA page_count");
  if (!pages.ok()) return pages.status();
  if (*pages * kSqlitePageBytes > checks.read_all_up_to) return absl::OkStatus();
  const absl::StatusOr<std::string> verdict = database.Text("PRAGMA integrity_check(1)");
  if (!verdict.ok()) return verdict.status();
  if (*verdict != "ok") return Torn(absl::StrCat("is torn: ", *verdict));
  return absl::OkStatus();
}

// Makes commits durable, and reads the settings back: SQLite does not report a pragma that it
// ignores.
absl::Status SetDurable(SqliteDatabase& database) {
  const absl::StatusOr<std::string> mode = database.Text("PRAGMA journal_mode=WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") return absl::InternalError(absl::StrCat("keeps the journal mode ", *mode));
  if (const absl::Status full = database.Execute("PRAGMA synchronous=FULL"); !full.ok())
    return full;
  const absl::StatusOr<int64_t> synchronous = database.Number("PRAGMA synchronous");
  if (!synchronous.ok()) return synchronous.status();
  if (*synchronous != 2) return absl::InternalError("does not take synchronous=FULL");
  return database.Execute("PRAGMA wal_autocheckpoint=2000");
}

absl::Status TakeLock(SqliteDatabase& database) {
  return database.Execute("BEGIN EXCLUSIVE; COMMIT");
}

absl::Status EmptyLog(SqliteDatabase& database) {
  SqliteStatement checkpoint(database, "PRAGMA wal_checkpoint(TRUNCATE)");
  const absl::StatusOr<bool> row = checkpoint.Step();
  if (!row.ok()) return row.status();
  if (!*row || checkpoint.Number(0) != 0) {
    return absl::AbortedError("its log cannot be written into the file");
  }
  return absl::OkStatus();
}

absl::Status FillNewFile(const SqliteKind& kind, const std::string& file, const char* vfs) {
  absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(file, vfs);
  if (!database.ok()) return database.status();
  const std::string settings =
      absl::StrCat("PRAGMA page_size=", kSqlitePageBytes, "; PRAGMA auto_vacuum=INCREMENTAL;",
                   "PRAGMA application_id=", kind.application_id);
  const absl::Status set = database->Execute(settings.c_str());
  return set.ok() ? Migrate(kind, *database, 0) : set;
}

}  // namespace

// The number is "LEDG" in ASCII.
const SqliteKind kLedgerFile = {"ledger", 0x4C454447, kSteps};

absl::Status CreateSqliteFile(const SqliteKind& kind, const std::string& file, const char* vfs) {
  const std::string unfinished = absl::StrCat(file, ".new.", getpid());
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  std::filesystem::remove(unfinished + "-journal", ignored);
  if (const absl::Status made = MakeEmptyFile(unfinished); !made.ok()) return made;
  absl::Status status = FillNewFile(kind, unfinished, vfs);
  if (status.ok()) status = PutInPlace(unfinished, file);
  std::filesystem::remove(unfinished, ignored);
  // If another process was faster, its file is used.
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status OpenSqliteSchema(const SqliteKind& kind, SqliteDatabase& database,
                              const SqliteChecks& checks) {
  int64_t version = 0;
  absl::Status status = CheckKind(kind, database, version);
  if (status.ok()) status = CheckSize(database);
  if (status.ok()) status = SetDurable(database);
  if (status.ok()) status = TakeLock(database);
  if (status.ok()) status = EmptyLog(database);
  if (status.ok()) status = CheckContent(database, checks);
  if (status.ok()) status = Migrate(kind, database, version);
  return status;
}

}  // namespace gateway::ledger
