#include "service/ledger/sqlite/store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/sqlite/files.h"

namespace gateway::ledger {
namespace {

absl::Status Named(const std::string& file, const absl::Status& status) {
  if (status.code() == kInUse) {
    return absl::Status(status.code(), absl::StrCat(file, " is in use by another process"));
  }
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteOptions& options,
                                                               RetentionClock& retention,
                                                               bool first) {
  if (first) {
    if (const absl::Status folder = PrepareFolder(options.file); !folder.ok()) return folder;
  }
  const absl::StatusOr<bool> there = FindSqliteFile(options.file);
  if (!there.ok()) return there.status();
  // A file that this process has opened before must not be replaced by an empty one.
  if (!*there && !first) return absl::DataLossError(absl::StrCat(options.file, " is gone"));
  if (!*there) {
    const absl::Status created = CreateSqliteFile(kLedgerFile, options.file, options.vfs);
    if (!created.ok()) return Named(options.file, created);
  }
  absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(options.file, options.vfs);
  if (!database.ok()) return Named(options.file, database.status());
  const absl::Status schema = OpenSqliteSchema(kLedgerFile, *database, options.checks);
  if (!schema.ok()) return Named(options.file, schema);
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, retention, *std::move(database)));
  absl::Status ready = store->entries_.LoadCounts();
  if (ready.ok() && first) ready = store->EndOldIntents();
  if (ready.ok()) ready = store->Measure();
  if (!ready.ok()) return Named(options.file, ready);
  return store;
}

SqliteStore::SqliteStore(const SqliteOptions& options, RetentionClock& retention,
                         SqliteDatabase database)
    : options_(options),
      retention_(retention),
      database_(std::move(database)),
      entries_(database_),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      page_count_(database_, "PRAGMA page_count"),
      free_pages_(database_, "PRAGMA freelist_count") {
  const int64_t most = (options.max_bytes + options.max_bytes / 8) / kSqlitePageBytes + 256;
  (void)retention_.Read(Now());
  // If the file is larger already, SQLite keeps its size, and refuses to let it grow.
  (void)database_.Execute(absl::StrCat("PRAGMA max_page_count=", most).c_str());
}

template <typename Work>
absl::Status SqliteStore::Transact(size_t operations, Work work) {
  Pass("begin");
  const int64_t changes = sqlite3_total_changes64(database_.get());
  absl::Status status = begin_.Run({}).status();
  if (status.ok()) status = work();
  if (status.ok()) status = entries_.FlushCounts();
  Pass("before commit");
  if (status.ok()) status = commit_.Run({}).status();
  if (status.ok()) status = entries_.Committed();
  if (!status.ok()) {
    RollBack();
    return status;
  }
  Pass("after commit");
  const bool wrote = sqlite3_total_changes64(database_.get()) != changes;
  if (!std::exchange(vacuumed_, false) && !wrote) return absl::OkStatus();
  ++commits_;
  operations_ += operations;
  return Measure();
}

absl::Status SqliteStore::EndOldIntents() {
  return Transact(0, [this] {
    return entries_.EndIntents(Now(), "the gateway ended before the outcome was written").status();
  });
}

absl::Status SqliteStore::Commit(Leftovers& leftovers, std::vector<Operation>& operations) {
  return Transact(operations.size(), [&] {
    absl::Status status = ApplyLeftovers(leftovers);
    for (Operation& operation : operations) {
      if (!status.ok()) break;
      std::visit([this](auto& asked) { Do(asked); }, operation);
      status = entries_.failure();
    }
    return status;
  });
}

absl::Status SqliteStore::TryWrite(Leftovers& leftovers) {
  return Transact(0, [&] {
    const absl::Status wrote = entries_.TryWrite();
    return wrote.ok() ? ApplyLeftovers(leftovers) : wrote;
  });
}

absl::Status SqliteStore::ApplyLeftovers(Leftovers& leftovers) {
  for (const Abandoned& abandoned : leftovers.abandoned) {
    const absl::Status taken_back = TakeBack(abandoned);
    if (!taken_back.ok()) Tell("a claim that failed cannot be taken back", taken_back.message());
  }
  for (SettleRequest& request : leftovers.unwritten) {
    const absl::Status settled = Settle(request).status();
    if (!settled.ok()) Tell("a late result does not fit its entry", settled.message());
  }
  return entries_.failure();
}

void SqliteStore::RollBack() {
  // After some errors SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)database_.Execute("ROLLBACK");
  entries_.Forget();
  ended_.clear();
  vacuumed_ = false;
}

absl::Status SqliteStore::Measure() {
  int64_t pages[2] = {};
  int i = 0;
  for (SqliteStatement* const statement : {&page_count_, &free_pages_}) {
    const absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    pages[i++] = statement->Number(0);
    statement->Reset();
  }
  file_bytes_ = pages[0] * kSqlitePageBytes;
  used_bytes_ = (pages[0] - pages[1]) * kSqlitePageBytes;
  return absl::OkStatus();
}

void SqliteStore::Describe(LedgerStats& stats) const {
  stats.entries = entries_.counts();
  stats.oldest_unknown = entries_.oldest_unknown();
  stats.commits += commits_;
  stats.operations_committed += operations_;
  stats.contradictions += contradictions_;
  stats.bytes = static_cast<uint64_t>(file_bytes_);
}

void SqliteStore::Pass(absl::string_view point) const {
  if (options_.common.at_point) options_.common.at_point(point);
}

void SqliteStore::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.common.on_event) options_.common.on_event(event, reason);
}

}  // namespace gateway::ledger
