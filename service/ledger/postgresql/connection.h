// One connection to PostgreSQL in pipeline mode, for the I/O thread: it never waits. Statements
// follow one another without waiting for answers. Each is a transaction of its own, unless it
// stands between BEGIN and COMMIT.
//
//   connecting -> checked (settings, schema, statements prepared) -> ready -> dead
//
// Thread-safety: none; the I/O thread. Lifetime: a connection that is destroyed, or dies, calls
// every callback with UNAVAILABLE: then it is not known whether the statement was done.
//
// Errors: ALREADY_EXISTS for a row that is there (SQLSTATE 23505), ABORTED for what may be tried
// again at once (40001, 40P01), UNAVAILABLE for everything else.
#ifndef SERVICE_LEDGER_POSTGRESQL_CONNECTION_H_
#define SERVICE_LEDGER_POSTGRESQL_CONNECTION_H_

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/ledger/postgresql/parameters.h"
#include "service/ledger/postgresql/tables.h"
#include "service/ledger/row.h"
#include "upstream/steady_time.h"

namespace gateway::ledger {

struct PostgresqlResult {
  std::vector<std::vector<Cell>> rows;
  int64_t changed = 0;  // rows that the statement has changed, or given
};

class PostgresqlConnection {
 public:
  using Callback = absl::AnyInvocable<void(const absl::StatusOr<PostgresqlResult>&)>;

  // Begins to connect. `tables` must outlive it. `patience`: for the connection, and for each
  // answer.
  PostgresqlConnection(const PostgresqlParameters& parameters, const PostgresqlTables& tables,
                       absl::Duration patience);
  ~PostgresqlConnection();
  PostgresqlConnection(const PostgresqlConnection&) = delete;
  PostgresqlConnection& operator=(const PostgresqlConnection&) = delete;

  bool ready() const { return state_ == kReady; }
  bool dead() const { return state_ == kDead; }
  const std::string& reason() const { return reason_; }    // why it is dead
  const std::string& warning() const { return warning_; }  // "": none
  size_t pending() const { return pending_.size(); }

  // For poll(2).
  int fd() const { return PQsocket(handle_.get()); }
  short events() const;  // NOLINT(google-runtime-int): as poll has it
  // Call it when poll says so, and when `patience_ends` has come.
  void Work();
  SteadyTime patience_ends() const;

  // `statement`: its index in PostgresqlTables::statements.
  void Send(size_t statement, absl::Span<const Value> values, Callback callback);
  // SQL that was not prepared.
  void SendText(const char* sql, Callback callback);

 private:
  enum State { kConnecting, kChecking, kReady, kDead };
  struct Finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  struct Pending {
    Callback callback;
    SteadyTime ends;
  };

  // Each returns whether something that was waited for has come.
  bool Connect();
  bool Receive();
  bool ReadResults();
  void Check();
  void CheckSettings(const absl::StatusOr<PostgresqlResult>& settings);
  void CheckVersion(const absl::StatusOr<PostgresqlResult>& version);
  void Prepare(size_t statement);
  void Sent(int accepted, Callback callback);
  void Flush();
  void Die(const std::string& reason);

  const PostgresqlTables& tables_;
  const absl::Duration patience_;
  const SteadyTime begun_;
  std::unique_ptr<PGconn, Finish> handle_;
  State state_ = kConnecting;
  PostgresPollingStatusType polling_ = PGRES_POLLING_WRITING;
  std::string reason_;
  std::string warning_;
  std::deque<Pending> pending_;
  absl::StatusOr<PostgresqlResult> current_;  // of the first pending statement
  bool has_unsent_ = false;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_CONNECTION_H_
