// A ledger in a SQLite file, for one gateway. Claims and results are written by one thread, with
// group commit: a commit takes everything that came while the last one was on its way to the disk.
//
//   const absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger =
//       SqliteLedger::Open({.common = {.cipher = cipher}, .file = "/var/lib/gateway/ledger.db"});
//
// The file is locked as long as the ledger exists: a second process is refused. INTENTs that are in
// the file at Open are of a process that is gone: they become UNKNOWN before Open returns.
//
// While the file cannot be written (full, read-only, an error of the disk), claims are refused with
// the reason, results wait in memory, and reads are answered if the file can be read. The ledger
// tries again by itself after a pause. After an error of the disk it first opens the file anew, and
// writes the whole log (-wal) into it: later commits must not depend on data that a failed sync has
// left in the page cache only. If the file is torn, the ledger does not try again: every operation
// is refused until an operator has acted.
//
// Thread-safety, lifetime, errors: as Ledger. Open waits for the disk, so call it at the start of
// the process. If it refuses a file, the error has the file's name and the reason.
#ifndef SERVICE_LEDGER_SQLITE_LEDGER_H_
#define SERVICE_LEDGER_SQLITE_LEDGER_H_

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/ledger/answers.h"
#include "service/ledger/queued_ledger.h"
#include "service/ledger/retention_clock.h"
#include "service/ledger/sqlite/store.h"
#include "service/ledger/waiters.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::ledger {

class SqliteLedger final : public QueuedLedger {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteLedger>> Open(SqliteOptions options);
  ~SqliteLedger() override;
  SqliteLedger(const SqliteLedger&) = delete;
  SqliteLedger& operator=(const SqliteLedger&) = delete;

  LedgerStats stats() const override;

 protected:
  void Enqueue(Operation operation) override;

 private:
  // `retention` is the clock that `store` uses.
  SqliteLedger(SqliteOptions options, std::unique_ptr<RetentionClock> retention,
               std::unique_ptr<SqliteStore> store);

  void Run();
  // Waits until operations have come or something is due, and moves the operations to `batch`.
  // Returns false if the ledger ends and no operation is left.
  bool Next(std::vector<Operation>& batch);
  // Waits until so many operations have come, or the time is over.
  void AwaitQueue(size_t enough, absl::Duration patience) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work(std::vector<Operation>& batch);
  // For a file that can be written, as far as is known.
  void Write(std::vector<Operation>& batch);
  // For a file that cannot be written: answers what can be answered.
  void Refuse(std::vector<Operation>& batch);
  bool IsIdle() const;
  void CancelWaits(std::vector<Operation>& batch);
  void Answer(std::vector<Operation> operations);
  void AnswerAll(std::vector<Operation>& batch);
  // Answers the operations of a commit that failed.
  void TakeBack(const absl::Status& error, std::vector<Operation>& batch);
  void Broke(const absl::Status& error);
  void TryAgain();
  void Publish();
  void Tell(absl::string_view event, absl::string_view reason) const;

  const SqliteOptions options_;

  // Used by the writer thread only.
  const std::unique_ptr<RetentionClock> retention_;
  std::unique_ptr<SqliteStore> store_;  // null: the file has to be opened again
  Leftovers leftovers_;
  Waiters waiters_;
  std::vector<Operation> answered_;     // have a result, and are to be given to answers_
  std::optional<absl::Status> broken_;  // why the file cannot be written; empty: it can
  bool torn_ = false;                   // after DATA_LOSS: there is no further try
  absl::Duration retry_;
  SteadyTime next_try_;
  SteadyTime next_tending_;
  uint64_t failed_commits_ = 0;
  // The sums of the counters of stores that were closed since, and the last values of their gauges.
  LedgerStats earlier_;

  Answers answers_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  // How many operations in the queue the writer waits for.
  size_t wake_at_ ABSL_GUARDED_BY(mutex_) = SIZE_MAX;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  LedgerStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SQLITE_LEDGER_H_
