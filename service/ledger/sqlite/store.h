// An open SQLite file with a ledger: carries out operations, many in one transaction. Its functions
// wait for the disk, so SqliteLedger calls them on a thread of its own.
//
//   BEGIN -> what earlier commits left over -> the operations -> COMMIT (synced) -> answers
//
// Thread-safety: none; one thread. Errors: Open says why the file is refused. After an error of
// Commit every result of its operations is void, and the changes may be durable or not.
#ifndef SERVICE_LEDGER_SQLITE_STORE_H_
#define SERVICE_LEDGER_SQLITE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/ledger/operation.h"
#include "service/ledger/options.h"
#include "service/ledger/retention_clock.h"
#include "service/ledger/rules.h"
#include "service/ledger/sqlite/database.h"
#include "service/ledger/sqlite/entries.h"
#include "service/ledger/sqlite/schema.h"

namespace gateway::ledger {

struct SqliteOptions {
  Options common;
  // In a folder of its own (mode 0700) that nobody else uses. The folder is made if its parent
  // exists.
  std::string file;
  // From this size on, claims are refused. Results still have room: at least another eighth of
  // max_bytes.
  int64_t max_bytes = int64_t{8} << 30;
  // Operations that one commit takes at most.
  size_t max_batch = 512;
  // How long a commit waits at most for more operations. It waits until there are half as many
  // operations as writes under way. A commit costs as much processor time as several writes, so one
  // commit for many operations is cheaper. Writes that come one at a time do not wait.
  absl::Duration gather = absl::Microseconds(200);
  // How long the ledger waits before it tries again to write a file that could not be written.
  absl::Duration first_retry = absl::Milliseconds(100);
  absl::Duration max_retry = absl::Seconds(5);
  SqliteChecks checks = {};
  // The name of an SQLite VFS, for tests. Null: the default VFS.
  const char* vfs = nullptr;
};

// Claims and results that still have to be written to the file.
struct Leftovers {
  // Claims whose commit failed: they may be in the file, but their callers got an error.
  std::vector<Abandoned> abandoned;
  // Results whose commit failed.
  std::vector<SettleRequest> unwritten;

  bool empty() const { return abandoned.empty() && unwritten.empty(); }
};

class SqliteStore {
 public:
  // `first`: this process has not opened the file before, so no INTENT in it is under way.
  // `retention` must outlive the store.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteOptions& options,
                                                           RetentionClock& retention, bool first);

  // Leaves `leftovers` as they are, but for SettleRequest::told; after OK they are in the file. A
  // Waiting whose result is OK and INTENT has to go on waiting.
  absl::Status Commit(Leftovers& leftovers, std::vector<Operation>& operations);
  // Writes the leftovers and syncs the file. OK: it can be written, and the leftovers are in it.
  absl::Status TryWrite(Leftovers& leftovers);

  // Entries that are no longer INTENT since the last commit.
  std::vector<EntryId> TakeEnded() { return std::exchange(ended_, {}); }

  // The entry with everything that is kept of it.
  absl::StatusOr<Entry> Find(const EntryId& id);

  // Writes that are claimed and not settled.
  size_t under_way() const { return entries_.under_way(); }

  // Adds the store's counters to `stats`, and sets the values that describe its present state.
  void Describe(LedgerStats& stats) const;

 private:
  SqliteStore(const SqliteOptions& options, RetentionClock& retention, SqliteDatabase database);

  // Runs BEGIN, work(), the counts and COMMIT. Rolls everything back if one of them fails.
  template <typename Work>
  absl::Status Transact(size_t operations, Work work);
  absl::Status EndOldIntents();
  absl::Status ApplyLeftovers(Leftovers& leftovers);
  void RollBack();
  absl::Status Measure();

  // Each sets the operation's result.
  void Do(Claiming& claiming);
  void Do(KeepingBefore& keeping);
  void Do(Settling& settling);
  void Do(Finding& finding);
  void Do(FindingKey& finding);
  void Do(Listing& listing);
  void Do(Resolving& resolving);
  void Do(Waiting& waiting);
  void Do(CancellingWait&) {}
  void Do(Taking& taking);
  void Do(Postponing& postponing);
  void Do(Tending& tending);

  absl::StatusOr<ClaimAnswer> Claim(const ClaimRequest& request);
  // `row` may be claimed again.
  absl::StatusOr<ClaimAnswer> ClaimFound(const ClaimRequest& request, Row& row, ClaimAnswer answer);
  absl::StatusOr<std::vector<Entry>> RecentlyGuarded(const ClaimRequest& request);
  absl::StatusOr<Entry> Settle(SettleRequest& request);
  absl::StatusOr<std::vector<Entry>> Take(const TakeRequest& request);
  absl::StatusOr<ListPage> List(const ListRequest& request);
  absl::StatusOr<int64_t> Tend();
  // Reads the entry, asks `apply` (rules.h) what becomes of it, and writes it back.
  template <typename ApplyRule>
  absl::StatusOr<Entry> Change(const EntryId& id, ApplyRule apply);
  absl::StatusOr<Row> Get(SqliteEntries::MaybeRow found) const;
  absl::Status TakeBack(const Abandoned& abandoned);

  // The time as it is stored: in whole microseconds.
  absl::Time Now() const { return FromMicros(ToMicros(options_.common.now())); }
  void Pass(absl::string_view point) const;
  void Tell(absl::string_view event, absl::string_view reason) const;

  const SqliteOptions options_;
  RetentionClock& retention_;
  SqliteDatabase database_;
  SqliteEntries entries_;
  SqliteStatement begin_;
  SqliteStatement commit_;
  SqliteStatement page_count_;
  SqliteStatement free_pages_;

  std::vector<EntryId> ended_;
  bool vacuumed_ = false;  // in this transaction
  int64_t used_bytes_ = 0;
  int64_t file_bytes_ = 0;
  uint64_t commits_ = 0;
  uint64_t operations_ = 0;
  uint64_t contradictions_ = 0;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_STORE_H_
