// A log of events in PostgreSQL, for gateways that share one: consumers may pull at one of them,
// and acknowledge at another.
//
//   const absl::StatusOr<std::unique_ptr<PostgresqlEventLog>> log = PostgresqlEventLog::Create(
//       {.common = {.subscriptions = {{.name = "fulfilment"}}}, .dsn = "host=db dbname=billing
//       ..."});
//
// A gateway that dies loses nothing that it has confirmed; what its consumers had comes back when
// the deadlines are over. While the database cannot be reached, or does not keep what it confirms
// (synchronous_commit or fsync off), every operation is refused with the reason, and the log tries
// again by itself.
//
// Thread-safety, lifetime, errors: as EventLog. Create does not wait for the database; its errors
// are of the DSN.
#ifndef SERVICE_EVENTS_POSTGRESQL_LOG_H_
#define SERVICE_EVENTS_POSTGRESQL_LOG_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/events/postgresql/store.h"
#include "service/events/queued_log.h"
#include "service/ledger/postgresql/parameters.h"

namespace gateway::events {

class PostgresqlEventLog final : public QueuedLog {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresqlEventLog>> Create(PostgresqlOptions options);

 private:
  PostgresqlEventLog(const PostgresqlOptions& options,
                     const ledger::PostgresqlParameters& parameters);
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_LOG_H_
