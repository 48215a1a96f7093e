#include "service/events/sqlite/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/events/sqlite/schema.h"
#include "service/ledger/row.h"
#include "service/ledger/sqlite/files.h"

namespace gateway::events {
namespace {

absl::Status Named(const std::string& file, const absl::Status& status) {
  if (status.code() == ledger::kInUse) {
    return absl::Status(status.code(), absl::StrCat(file, " is in use by another process"));
  }
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteOptions& options,
                                                               ledger::RetentionClock& retention,
                                                               bool first) {
  if (first) {
    if (const absl::Status folder = ledger::PrepareFolder(options.file); !folder.ok()) {
      return folder;
    }
  }
  const absl::StatusOr<bool> there = ledger::FindSqliteFile(options.file);
  if (!there.ok()) return there.status();
  // A file that this process has opened before must not be replaced by an empty one.
  if (!*there && !first) return absl::DataLossError(absl::StrCat(options.file, " is gone"));
  if (!*there) {
    const absl::Status created = ledger::CreateSqliteFile(kEventsFile, options.file, options.vfs);
    if (!created.ok()) return Named(options.file, created);
  }
  auto database = ledger::SqliteDatabase::Open(options.file, options.vfs);
  if (!database.ok()) return Named(options.file, database.status());
  const absl::Status schema = ledger::OpenSqliteSchema(kEventsFile, *database, options.checks);
  if (!schema.ok()) return Named(options.file, schema);
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, retention, *std::move(database)));
  const absl::Status ready = store->Reload();
  if (!ready.ok()) return Named(options.file, ready);
  return store;
}

SqliteStore::SqliteStore(const SqliteOptions& options, ledger::RetentionClock& retention,
                         ledger::SqliteDatabase database)
    : options_(options),
      retention_(retention),
      database_(std::move(database)),
      rows_(database_, options_.max_bytes, options_.common.tend_batch),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      operations_(options_.common, rows_) {
  const int64_t most = (options.max_bytes + options.max_bytes / 8) / ledger::kSqlitePageBytes + 256;
  (void)retention_.Read(Now());
  // If the file is larger already, SQLite keeps its size, and refuses to let it grow.
  (void)database_.Execute(absl::StrCat("PRAGMA max_page_count=", most).c_str());
}

template <typename Work>
absl::Status SqliteStore::Transact(Work work) {
  Pass("begin");
  const SteadyTime now = SteadyTime::Now();
  operations_.Begin({Now(), now, now}, operations_.newest());
  const int64_t changes = sqlite3_total_changes64(database_.get());
  absl::Status status = begin_.Run({}).status();
  if (status.ok()) status = work();
  const bool wrote = sqlite3_total_changes64(database_.get()) != changes;
  if (status.ok() && (wrote || operations_.must_store())) status = operations_.StoreChanges();
  Pass("before commit");
  if (status.ok()) status = commit_.Run({}).status();
  if (!status.ok()) {
    RollBack();
    return status;
  }
  operations_.Committed();
  Pass("after commit");
  if (sqlite3_total_changes64(database_.get()) != changes) ++commits_;
  return Measure();
}

absl::Status SqliteStore::Reload() {
  return Transact([this] { return Load(); });
}

absl::Status SqliteStore::Load() {
  absl::StatusOr<std::string> secret = rows_.AckSecret();
  if (!secret.ok()) return secret.status();
  ack_secret_ = *std::move(secret);
  const absl::StatusOr<absl::Time> since = rows_.FactsSince();
  if (!since.ok()) return since.status();
  facts_since_ = *since;
  const absl::StatusOr<int64_t> newest = rows_.Newest();
  if (!newest.ok()) return newest.status();
  operations_.Begin(operations_.time(), *newest);
  const absl::StatusOr<int64_t> oldest = rows_.Oldest();
  if (!oldest.ok()) return oldest.status();
  const int64_t gone = *oldest == 0 ? *newest : *oldest - 1;
  // Lease ids begin at the present time, so that they differ from those of an earlier process.
  const auto first_lease = static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()));
  operations_.subscriptions.clear();
  for (const Subscription& subscription : options_.common.subscriptions) {
    absl::StatusOr<SqliteRows::Stored> stored = rows_.LoadSubscription(subscription.name);
    if (!stored.ok()) return stored.status();
    // Events that were removed before the subscription was added count as done.
    if (stored->is_new) stored->saved.done.Add(1, gone);
    const auto loaded = operations_.subscriptions.emplace(
        subscription.name,
        Subscribed{stored->id, Deliveries(subscription, std::move(stored->saved), first_lease)});
    operations_.Drop(loaded.first->second, gone);
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::Recover() {
  // The failed transaction has changed them in memory. Those changes must not be stored.
  operations_.subscriptions.clear();
  const absl::Status wrote = Transact([this] {
    return database_.Execute("INSERT OR REPLACE INTO settings VALUES ('tried', x'00')");
  });
  if (!wrote.ok()) return wrote;
  return Reload();
}

absl::Status SqliteStore::Commit(bool tend, std::vector<Operation>& operations,
                                 WaitingPulls& waiting) {
  return Transact([&] {
    for (auto& [name, subscribed] : operations_.subscriptions) {
      subscribed.deliveries.Expire(operations_.time().leases);
    }
    if (tend) {
      if (const absl::Status tended = Tend(); !tended.ok()) return tended;
    }
    for (Operation& operation : operations) {
      operations_.Do(operation);
      if (!operations_.failure().ok()) return operations_.failure();
    }
    operations_.Serve(waiting, operations);
    return operations_.failure();
  });
}

absl::Status SqliteStore::Tend() {
  const absl::Status removed = operations_.Remove(retention_.Read(Now()) - options_.common.keep);
  if (!removed.ok()) return removed;
  if (rows_.free_bytes() < ledger::kSqlitePageBytes * 64) return absl::OkStatus();
  return database_.Execute("PRAGMA incremental_vacuum(64)");
}

void SqliteStore::RollBack() {
  // After some errors SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)database_.Execute("ROLLBACK");
}

// Reads from the file only what has changed since the last call.
absl::Status SqliteStore::Measure() {
  if (const absl::Status measured = rows_.Measure(); !measured.ok()) return measured;
  for (auto& [name, subscribed] : operations_.subscriptions) {
    if (subscribed.dead_letters_changed) {
      const absl::StatusOr<int64_t> count = rows_.CountDeadLetters(subscribed.id);
      if (!count.ok()) return count.status();
      subscribed.dead_letters = static_cast<uint64_t>(*count);
      subscribed.dead_letters_changed = false;
    }
    if (const absl::Status aged = operations_.MeasureAge(subscribed); !aged.ok()) return aged;
  }
  return absl::OkStatus();
}

void SqliteStore::Describe(LogStats& stats) const {
  operations_.Describe(options_.common.now(), stats);
  stats.commits += commits_;
  stats.bytes = static_cast<uint64_t>(rows_.file_bytes());
}

SteadyTime SqliteStore::NextLook(const WaitingPulls& waiting) const {
  SteadyTime next = SteadyTime::InfiniteFuture();
  // If no pull waits, no lease has to be ended now.
  if (waiting.empty()) return next;
  for (const auto& [name, subscribed] : operations_.subscriptions) {
    const bool waits = waiting.count(name) != 0;
    if (waits && subscribed.deliveries.MayHaveMore(operations_.newest())) {
      return SteadyTime::InfinitePast();
    }
    next = std::min(next, subscribed.deliveries.next_expiry());
  }
  return next;
}

absl::Time SqliteStore::Now() const {
  return ledger::FromMicros(ledger::ToMicros(options_.common.now()));
}

void SqliteStore::Pass(absl::string_view point) const {
  if (options_.common.at_point) options_.common.at_point(point);
}

}  // namespace gateway::events
