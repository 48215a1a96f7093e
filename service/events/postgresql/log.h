// A log of events in PostgreSQL that several gateways share: a consumer may pull from one gateway
// and acknowledge at another.
//
//   const absl::StatusOr<std::unique_ptr<PostgresqlEventLog>> log = PostgresqlEventLog::Create(
//       {.common = {.subscriptions = {{.name = "fulfilment"}}}, .dsn = "host=db dbname=x ..."});
//
// If a gateway dies, nothing that it has confirmed is lost. The events that it had handed out are
// handed out again after their deadlines, unless they are acknowledged at another gateway. While
// the database cannot be reached, or is set to lose commits in a crash (synchronous_commit, fsync
// or full_page_writes off), every operation is refused with the reason, and the log tries again by
// itself.
//
// Thread-safety, lifetime, errors: as EventLog. Create does not wait for the database; it returns
// an error only if the DSN cannot be used.
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
