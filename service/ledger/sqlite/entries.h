// The rows of a ledger's SQLite file: reads and changes them with prepared statements, and counts
// them by state. It knows nothing of what a state means (see rules.h).
//
// Thread-safety: none; the store's thread. Lifetime: the database must outlive it.
//
// Errors: if a row cannot be read, only the function that reads this row returns DATA_LOSS. An
// error of SQLite itself is also kept in failure(): then the whole transaction has to be rolled
// back.
#ifndef SERVICE_LEDGER_SQLITE_ENTRIES_H_
#define SERVICE_LEDGER_SQLITE_ENTRIES_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/ledger/row.h"
#include "service/ledger/sqlite/database.h"

namespace gateway::ledger {

class SqliteEntries {
 public:
  explicit SqliteEntries(SqliteDatabase& database);

  using MaybeRow = absl::StatusOr<std::optional<Row>>;
  using Rows = absl::StatusOr<std::vector<Row>>;
  // The row may be changed and passed to Update.
  MaybeRow FindById(const EntryId& id);
  MaybeRow FindByScope(const std::string& digest);
  // Returns the entry that holds the guard.
  MaybeRow FindByGuard(const Scope& scope, const std::string& guard);

  // The entries that held the guard and ended since `since`, the newest first.
  Rows RecentlyGuarded(const Scope& scope, const std::string& guard, absl::Time since);

  // Inserts an INTENT.
  absl::Status Insert(Row row);
  // `before` is the state in which the row was read.
  absl::Status Update(State before, Row& row);

  // Returns the rows with a number below `below`, newest first, without snapshots and replies.
  Rows List(std::optional<State> state, int64_t below, int64_t limit);
  Rows Due(absl::Time now, absl::Duration max_pause, int64_t limit);
  // The numbers of the rows that List and Due have left out since the last call, because they
  // cannot be read. In the order in which they were read.
  std::vector<int64_t> TakeUnreadable() { return std::exchange(unreadable_, {}); }

  // Turns every INTENT into UNKNOWN. Returns how many.
  absl::StatusOr<int64_t> EndIntents(absl::Time now, const std::string& note);
  // Writes a value that nobody reads, to see whether the file can be written.
  absl::Status TryWrite();

  // Strip turns ended entries into tombstones (see Kept), and Remove removes tombstones. Both
  // return the number of these entries.
  absl::StatusOr<int64_t> Strip(absl::Time ended_before, int64_t limit);
  absl::StatusOr<int64_t> Remove(absl::Time ended_before, int64_t limit);

  // The numbers of entries by state, as of the last commit. LoadCounts reads them when the file is
  // opened. Call FlushCounts at the end of a transaction, before COMMIT; then Committed after
  // COMMIT, or Forget after ROLLBACK.
  absl::Status LoadCounts();
  absl::Status FlushCounts();
  absl::Status Committed();
  void Forget();
  const std::map<State, int64_t>& counts() const { return counts_; }
  // How many INTENTs of this process are in memory.
  size_t under_way() const { return intents_.size(); }
  const std::optional<absl::Time>& oldest_unknown() const { return oldest_unknown_; }

  const absl::Status& failure() const { return failure_; }

 private:
  MaybeRow FindOne(SqliteStatement& statement, absl::Span<const Value> values);
  Rows FindAll(SqliteStatement& statement, absl::Span<const Value> values);
  absl::Status Note(absl::Status status);
  void Remember(Row row);
  void Count(State state, int64_t change) {
    changes_[static_cast<size_t>(state)] += change;
    unknown_changed_ |= state == State::kUnknown;
  }
  absl::Status ReadOldestUnknown();

  sqlite3* const database_;
  SqliteStatement by_id_;
  SqliteStatement by_scope_;
  SqliteStatement by_guard_;
  SqliteStatement recent_;
  SqliteStatement insert_;
  SqliteStatement update_;
  SqliteStatement list_;
  SqliteStatement list_intents_;
  SqliteStatement list_unknown_;
  SqliteStatement due_;
  SqliteStatement end_intents_;
  SqliteStatement strip_;
  SqliteStatement remove_;
  SqliteStatement add_count_;
  SqliteStatement read_counts_;
  SqliteStatement count_intents_;
  SqliteStatement read_oldest_unknown_;

  // The INTENTs of this process, as they are in the file. Each is needed once more, when its result
  // comes. The file is locked, so nobody else changes them. Some may be missing.
  absl::flat_hash_map<EntryId, Row> intents_;
  std::map<State, int64_t> counts_;
  std::optional<absl::Time> oldest_unknown_;
  // Changes within the present transaction.
  std::array<int64_t, 6> changes_{};  // by state
  bool unknown_changed_ = false;
  std::vector<int64_t> unreadable_;
  absl::Status failure_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_ENTRIES_H_
