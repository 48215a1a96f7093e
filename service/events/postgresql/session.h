// A connection to PostgreSQL for a thread that waits for its answers. Send sends a statement at
// once; Finish waits for all answers together, so that many statements cost one round trip.
//
//   session->Send(Query::kSetNewest, {number});
//   session->Send(Query::kSlices, {}, [&](const Result& result) { return Take(result); });
//   const absl::Status done = session->Finish();  // the first error of all these
//
// Within a transaction, every statement after an error fails too.
//
// Thread-safety: none; one thread. Errors: those of PostgresqlConnection. After an error of the
// connection every call fails: open another session.
#ifndef SERVICE_EVENTS_POSTGRESQL_SESSION_H_
#define SERVICE_EVENTS_POSTGRESQL_SESSION_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/events/postgresql/schema.h"
#include "service/ledger/postgresql/connection.h"
#include "service/ledger/postgresql/parameters.h"
#include "service/ledger/row.h"

namespace gateway::events {

class PostgresqlSession {
 public:
  using Result = ledger::PostgresqlResult;
  // Reads a result. If it returns an error, Finish returns that error.
  using Reader = absl::AnyInvocable<absl::Status(const Result&)>;

  // Waits until the connection is checked and ready. `patience`: how long to wait at most for the
  // connection, and for each answer.
  static absl::StatusOr<std::unique_ptr<PostgresqlSession>> Open(
      const ledger::PostgresqlParameters& parameters, absl::Duration patience);

  void Send(Query query, absl::Span<const ledger::Value> values, Reader reader = nullptr);
  void SendText(const std::string& sql);
  absl::Status Finish();

  // Send and Finish.
  absl::Status Ask(Query query, absl::Span<const ledger::Value> values, Reader reader = nullptr);

  // A warning for the operator about the server's settings; "": none.
  const std::string& warning() const { return connection_.warning(); }

 private:
  PostgresqlSession(const ledger::PostgresqlParameters& parameters, absl::Duration patience)
      : connection_(parameters, EventTables(), patience) {}

  ledger::PostgresqlConnection::Callback CallbackOf(Reader reader);
  // Waits until the connection can read or write, or its patience ends. Then lets it work.
  void Wait();

  absl::Status failure_;
  ledger::PostgresqlConnection connection_;  // last: its destructor calls pending callbacks
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_SESSION_H_
