// A connection to PostgreSQL for a thread that waits for its answers. What is sent goes out at
// once; answers are waited for together, so that many statements cost one way there and back.
//
//   session->Send(Query::kSetNewest, {number});
//   session->Send(Query::kSlices, {}, [&](const Result& result) { return Take(result); });
//   const absl::Status done = session->Finish();  // the first error of all these
//
// Within a transaction, what follows an error is an error too.
//
// Thread-safety: none; one thread. Errors: those of PostgresqlConnection. After an error of the
// connection every call is an error: make another one.
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
  // Reads a result. Its error is one of Finish.
  using Reader = absl::AnyInvocable<absl::Status(const Result&)>;

  // Waits until the connection is checked and ready. `patience`: for it, and for each answer.
  static absl::StatusOr<std::unique_ptr<PostgresqlSession>> Open(
      const ledger::PostgresqlParameters& parameters, absl::Duration patience);

  void Send(Query query, absl::Span<const ledger::Value> values, Reader reader = nullptr);
  void SendText(const std::string& sql);
  absl::Status Finish();

  // Send and Finish.
  absl::Status Ask(Query query, absl::Span<const ledger::Value> values, Reader reader = nullptr);

  // What an operator should know of the server's settings; "": nothing.
  const std::string& warning() const { return connection_.warning(); }

 private:
  PostgresqlSession(const ledger::PostgresqlParameters& parameters, absl::Duration patience)
      : connection_(parameters, EventTables(), patience) {}

  ledger::PostgresqlConnection::Callback CallbackOf(Reader reader);
  // Until something has come or has gone out.
  void Wait();

  absl::Status failure_;
  ledger::PostgresqlConnection connection_;  // last: its end calls what is pending
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_SESSION_H_
