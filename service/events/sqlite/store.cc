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
                                                               bool first) {
  if (first) {
    if (const absl::Status folder = ledger::PrepareFolder(options.file); !folder.ok()) {
      return folder;
    }
  }
  const absl::StatusOr<bool> there = ledger::FindSqliteFile(options.file);
  if (!there.ok()) return there.status();
  // A file that this process has had open does not come back empty.
  if (!*there && !first) return absl::DataLossError(absl::StrCat(options.file, " is gone"));
  if (!*there) {
    const absl::Status created = ledger::CreateSqliteFile(kEventsFile, options.file, options.vfs);
    if (!created.ok()) return Named(options.file, created);
  }
  auto database = ledger::SqliteDatabase::Open(options.file, options.vfs);
  if (!database.ok()) return Named(options.file, database.status());
  const absl::Status schema = ledger::OpenSqliteSchema(kEventsFile, *database, options.checks);
  if (!schema.ok()) return Named(options.file, schema);
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, *std::move(database)));
  const absl::Status ready = store->Reload();
  if (!ready.ok()) return Named(options.file, ready);
  return store;
}

SqliteStore::SqliteStore(const SqliteOptions& options, ledger::SqliteDatabase database)
    : options_(options),
      opened_at_(options.common.now()),
      opened_(SteadyTime::Now()),
      database_(std::move(database)),
      rows_(database_),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      page_count_(database_, "PRAGMA page_count"),
      free_pages_(database_, "PRAGMA freelist_count") {
  const int64_t most = (options.max_bytes + options.max_bytes / 8) / ledger::kSqlitePageBytes + 256;
  // A file that is larger keeps its size, and SQLite then refuses to let it grow.
  (void)database_.Execute(absl::StrCat("PRAGMA max_page_count=", most).c_str());
}

template <typename Work>
absl::Status SqliteStore::Transact(Work work) {
  Pass("begin");
  failure_ = absl::OkStatus();
  must_store_ = false;
  const LogStats counted = counted_;
  const int64_t changes = sqlite3_total_changes64(database_.get());
  absl::Status status = begin_.Run({}).status();
  if (status.ok()) status = work();
  const bool wrote = sqlite3_total_changes64(database_.get()) != changes;
  if (status.ok() && (wrote || must_store_)) status = StoreChanges();
  Pass("before commit");
  if (status.ok()) status = commit_.Run({}).status();
  if (!status.ok()) {
    RollBack();
    counted_ = counted;
    return status;
  }
  Pass("after commit");
  if (sqlite3_total_changes64(database_.get()) != changes) ++counted_.commits;
  return Measure();
}

absl::Status SqliteStore::Reload() {
  return Transact([this] { return Load(); });
}

absl::Status SqliteStore::Load() {
  absl::StatusOr<std::string> secret = rows_.AckSecret();
  if (!secret.ok()) return secret.status();
  ack_secret_ = *std::move(secret);
  const absl::StatusOr<int64_t> newest = rows_.Newest();
  if (!newest.ok()) return newest.status();
  newest_ = *newest;
  const absl::StatusOr<int64_t> oldest = rows_.Oldest();
  if (!oldest.ok()) return oldest.status();
  // Leases of one process differ from those of the next, unless the clock stands still.
  const auto first_lease = static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()));
  subscriptions_.clear();
  for (const Subscription& subscription : options_.common.subscriptions) {
    absl::StatusOr<Rows::Stored> stored = rows_.LoadSubscription(subscription.name);
    if (!stored.ok()) return stored.status();
    // What was removed before the subscription came, nobody owes it.
    stored->saved.done.Add(1, *oldest == 0 ? newest_ : *oldest - 1);
    subscriptions_.emplace(
        subscription.name,
        Subscribed{stored->id, Deliveries(subscription, std::move(stored->saved), first_lease)});
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::TryWrite() {
  const absl::Status wrote = Transact([this] {
    must_store_ = true;
    return database_.Execute("INSERT OR REPLACE INTO settings VALUES ('tried', x'00')");
  });
  if (!wrote.ok()) return wrote;
  return Reload();
}

absl::Status SqliteStore::Commit(bool tend, std::vector<Operation>& operations,
                                 WaitingPulls& waiting) {
  return Transact([&] {
    const SteadyTime now = SteadyTime::Now();
    for (auto& [name, subscribed] : subscriptions_) subscribed.deliveries.Expire(now);
    if (tend) {
      must_store_ = true;
      if (const absl::Status tended = Tend(); !tended.ok()) return tended;
    }
    for (Operation& operation : operations) {
      std::visit([this](auto& asked) { Do(asked); }, operation);
      if (!failure_.ok()) return failure_;
    }
    Serve(waiting, operations);
    for (const auto& [name, subscribed] : subscriptions_) {
      must_store_ = must_store_ || subscribed.deliveries.urgent();
    }
    return failure_;
  });
}

absl::Status SqliteStore::StoreChanges() {
  const absl::Time now = Now();
  for (auto& [name, subscribed] : subscriptions_) {
    const Deliveries::Changes changes = subscribed.deliveries.TakeChanges();
    if (!changes.dead.empty() || !changes.late.empty()) subscribed.dead_letters_changed = true;
    const absl::Status stored = rows_.Store(subscribed.id, changes, now);
    if (!stored.ok()) return stored;
  }
  return absl::OkStatus();
}

void SqliteStore::RollBack() {
  // After some errors SQLite has done it by itself.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)database_.Execute("ROLLBACK");
}

absl::Status SqliteStore::Measure() {
  int64_t pages[2] = {};
  int i = 0;
  for (ledger::SqliteStatement* const statement : {&page_count_, &free_pages_}) {
    const absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    pages[i++] = statement->Number(0);
    statement->Reset();
  }
  file_bytes_ = pages[0] * ledger::kSqlitePageBytes;
  used_bytes_ = (pages[0] - pages[1]) * ledger::kSqlitePageBytes;
  for (auto& [name, subscribed] : subscriptions_) {
    const absl::Status measured = MeasureSubscription(subscribed);
    if (!measured.ok()) return measured;
  }
  return absl::OkStatus();
}

// Asks the file only for what has changed.
absl::Status SqliteStore::MeasureSubscription(Subscribed& subscribed) {
  if (subscribed.dead_letters_changed) {
    const absl::StatusOr<int64_t> count = rows_.CountDeadLetters(subscribed.id);
    if (!count.ok()) return count.status();
    subscribed.dead_letters = static_cast<uint64_t>(*count);
    subscribed.dead_letters_changed = false;
  }
  const int64_t oldest = subscribed.deliveries.done().FirstMissing();
  if (oldest > newest_) {
    subscribed.oldest = 0;
    subscribed.oldest_received = std::nullopt;
  } else if (oldest != subscribed.oldest) {
    const auto first = rows_.FirstFrom(oldest);
    if (!first.ok()) return first.status();
    subscribed.oldest = oldest;
    subscribed.oldest_received =
        *first ? std::optional<absl::Time>((*first)->second) : std::nullopt;
  }
  return absl::OkStatus();
}

void SqliteStore::Describe(LogStats& stats) const {
  const absl::Time now = options_.common.now();
  for (const auto& [name, subscribed] : subscriptions_) {
    SubscriptionStats& of = stats.subscriptions[name];
    of.backlog = static_cast<uint64_t>(subscribed.deliveries.done().Missing(newest_));
    of.oldest_age = absl::ZeroDuration();
    if (subscribed.oldest_received) {
      of.oldest_age = std::max(now - *subscribed.oldest_received, absl::ZeroDuration());
    }
    of.out = subscribed.deliveries.out();
    of.dead_letters = subscribed.dead_letters;
    of.counters = subscribed.deliveries.counters();
  }
  stats.events += counted_.events;
  stats.duplicates += counted_.duplicates;
  stats.conflicts += counted_.conflicts;
  stats.commits += counted_.commits;
  stats.bytes = static_cast<uint64_t>(file_bytes_);
}

SteadyTime SqliteStore::next_expiry() const {
  SteadyTime next = SteadyTime::InfiniteFuture();
  for (const auto& [name, subscribed] : subscriptions_) {
    next = std::min(next, subscribed.deliveries.next_expiry());
  }
  return next;
}

bool SqliteStore::CanServe(const WaitingPulls& waiting) const {
  return std::any_of(waiting.begin(), waiting.end(), [this](const auto& waits) {
    const auto subscribed = subscriptions_.find(waits.first);
    return !waits.second.empty() && subscribed != subscriptions_.end() &&
           subscribed->second.deliveries.MayHaveMore(newest_);
  });
}

absl::Time SqliteStore::Now() const {
  return ledger::FromMicros(ledger::ToMicros(options_.common.now()));
}

absl::Time SqliteStore::RetentionNow() const {
  return std::min(Now(), opened_at_ + (SteadyTime::Now() - opened_));
}

void SqliteStore::Pass(absl::string_view point) const {
  if (options_.common.at_point) options_.common.at_point(point);
}

void SqliteStore::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.common.on_event) options_.common.on_event(event, reason);
}

}  // namespace gateway::events
