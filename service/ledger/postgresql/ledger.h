// A ledger in PostgreSQL that several gateways share. The database decides between them: a first
// claim is an INSERT ... ON CONFLICT DO NOTHING, and every other change is an UPDATE that changes
// the row only if it still has the version that was read.
//
//   const absl::StatusOr<std::unique_ptr<PostgresqlLedger>> ledger = PostgresqlLedger::Create(
//       {.common = {.cipher = cipher}, .dsn = "host=db dbname=billing user=gateway ..."});
//
// An INTENT has the call's deadline, by the database's clock. When `grace` has passed after the
// deadline, any gateway may turn the INTENT into UNKNOWN; a result that comes later still counts.
// An INTENT also has the random number of its claim. A gateway whose claim got no answer takes back
// the claim with that number, and never a later claim.
//
// One I/O thread serves a few connections in pipeline mode. Each statement is a transaction of its
// own: so the server's group commit takes many together, and no transaction holds locks from one
// statement to the next. While the database cannot be reached, or is set to lose commits in a crash
// (synchronous_commit, fsync or full_page_writes off), every operation is refused with the reason,
// and the ledger tries again by itself. A result that could not be written waits in memory. The
// ledger tries to write it with growing pauses, at once when the database can be reached again, and
// once more when the ledger ends.
//
// Waits for the INTENT of another gateway are served by polling, with one query for all of them.
// NOTIFY is not used: its commits run one after the other, under a lock of the whole server.
//
// Thread-safety, lifetime, errors: as Ledger. Create does not wait for the database; it returns an
// error if the DSN cannot be used, or no descriptor is left.
#ifndef SERVICE_LEDGER_POSTGRESQL_LEDGER_H_
#define SERVICE_LEDGER_POSTGRESQL_LEDGER_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "service/ledger/answers.h"
#include "service/ledger/options.h"
#include "service/ledger/postgresql/connection.h"
#include "service/ledger/postgresql/schema.h"
#include "service/ledger/queued_ledger.h"
#include "service/ledger/rules.h"
#include "service/ledger/waiters.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::ledger {

struct PostgresqlOptions {
  Options common;
  std::string dsn;
  size_t connections = 4;
  // How long after a call's deadline its INTENT becomes UNKNOWN.
  absl::Duration grace = absl::Seconds(30);
  absl::Duration statement_timeout = absl::Seconds(5);
  absl::Duration wait_poll = absl::Milliseconds(100);
  absl::Duration first_retry = absl::Milliseconds(100);
  absl::Duration max_retry = absl::Seconds(5);
};

// How often a change is tried: another gateway may change the row between the read and the write.
inline constexpr int kPostgresqlTries = 20;
inline constexpr char kPostgresqlOverdue[] = "its gateway did not say what became of it";
inline absl::Status TooManyPostgresqlTries() {
  return absl::UnavailableError("the entry changes faster than it can be read");
}

class PostgresqlLedger final : public QueuedLedger {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresqlLedger>> Create(PostgresqlOptions options);
  ~PostgresqlLedger() override;
  PostgresqlLedger(const PostgresqlLedger&) = delete;
  PostgresqlLedger& operator=(const PostgresqlLedger&) = delete;

  LedgerStats stats() const override;

 protected:
  void Enqueue(Operation operation) override;

 private:
  using Result = absl::StatusOr<PostgresqlResult>;
  struct Slot {
    std::unique_ptr<PostgresqlConnection> connection;  // null: waits for its next try
    SteadyTime next_try;
    absl::Duration pause;
    bool was_ready = false;
  };
  // A change of one row: read it, decide (rules.h), and write it if nobody else has written it
  // meanwhile; otherwise try again.
  struct Change {
    EntryId id;
    std::function<Changed(Row&, absl::Time now)> apply;
    absl::AnyInvocable<void(absl::StatusOr<Entry>)> finished;
    int tries = 0;
  };

  PostgresqlLedger(PostgresqlOptions options, PostgresqlParameters parameters, int wake_fd);

  // ledger.cc: the thread, its connections and its clocks.
  void Run();
  bool Next(std::vector<Operation>& batch);
  void Poll();
  void KeepConnections();
  void KeepTime();
  void WriteLeftovers();
  // Sets when leftovers are tried again, after one that could not be written.
  void PutOffLeftovers();
  bool BeginsLastWrites();
  void PollWaits();
  void ReadNumbers();
  void Publish();
  PostgresqlConnection* Pick();
  void Send(Query query, absl::Span<const Value> values, PostgresqlConnection::Callback callback);
  SteadyTime NextMoment() const;
  void Wake() const;
  void Tell(absl::string_view event, absl::string_view reason) const;

  // claims.cc, operations.cc: each ends with Finish.
  void Begin(std::shared_ptr<Claiming> claiming);
  void Begin(std::shared_ptr<KeepingBefore> keeping);
  void Begin(std::shared_ptr<Settling> settling);
  void TellContradiction(SettleRequest& request, const Row& row);
  void Begin(std::shared_ptr<Finding> finding);
  void Begin(std::shared_ptr<FindingKey> finding);
  void Begin(std::shared_ptr<Listing> listing);
  void Begin(std::shared_ptr<Resolving> resolving);
  void Begin(std::shared_ptr<Waiting> waiting);
  void Begin(std::shared_ptr<CancellingWait> cancelling);
  void Begin(std::shared_ptr<Taking> taking);
  void Begin(std::shared_ptr<Postponing> postponing);
  void Begin(std::shared_ptr<Tending> tending);

  void Insert(std::shared_ptr<Claiming> claiming, int tries);
  void FinishClaimed(std::shared_ptr<Claiming> claiming, ClaimAnswer answer);
  absl::StatusOr<std::vector<Entry>> RecentIn(const Result& result) const;
  void LookUp(std::shared_ptr<Claiming> claiming, int tries);
  void ClaimFound(std::shared_ptr<Claiming> claiming, Row row, absl::Time now, int tries);
  void ClaimAgain(std::shared_ptr<Claiming> claiming, Row row, absl::Time now, int tries);
  void LookAtGuard(std::shared_ptr<Claiming> claiming, int tries);
  // If the entry is an overdue INTENT: turns it into UNKNOWN, calls `then` afterwards, and returns
  // true. Otherwise returns false.
  bool EndOverdue(const Row& row, absl::Time now, absl::AnyInvocable<void()> then);
  void Refuse(const std::shared_ptr<Claiming>& claiming, const absl::Status& why);
  void Abandon(Abandoned abandoned);
  void TakeBack(const Abandoned& abandoned);
  void Make(std::shared_ptr<Change> change);
  void Write(std::shared_ptr<Change> change, State before, Row row);
  void Update(Row& row, PostgresqlConnection::Callback callback);
  void ReadOne(Query query, absl::Span<const Value> values,
               absl::AnyInvocable<void(absl::StatusOr<Row>, absl::Time)> done);
  void TendNext(std::shared_ptr<Tending> tending, int step, int64_t touched);
  template <typename T>
  void Finish(const std::shared_ptr<T>& asked) {
    --active_;
    answered_.emplace_back(std::move(*asked));
  }

  const PostgresqlOptions options_;
  const PostgresqlParameters parameters_;
  const int wake_fd_;

  // Used by the I/O thread only.
  std::vector<Slot> slots_;
  size_t next_slot_ = 0;
  Waiters waiters_;
  absl::flat_hash_set<WaitId> beginning_waits_;  // whose entry is being read
  std::vector<Operation> answered_;
  size_t active_ = 0;  // operations that have begun
  std::vector<Abandoned> abandoned_;
  std::vector<SettleRequest> unwritten_;
  SteadyTime next_leftovers_;
  absl::Duration leftovers_pause_;
  bool ending_ = false;  // the leftovers have been tried for the last time
  SteadyTime next_tending_;
  SteadyTime next_poll_;
  SteadyTime next_numbers_;
  bool polling_ = false;
  bool reachable_ = false;
  std::string reason_ = "the database was not reached yet";
  std::string warned_;
  LedgerStats numbers_;

  Answers answers_;

  mutable Mutex mutex_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  LedgerStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_LEDGER_H_
