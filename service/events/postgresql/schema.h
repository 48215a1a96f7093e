// The tables of an event log in PostgreSQL, and every statement that the gateway sends.
//
// Thread-safety: functions without state.
#ifndef SERVICE_EVENTS_POSTGRESQL_SCHEMA_H_
#define SERVICE_EVENTS_POSTGRESQL_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "service/ledger/postgresql/tables.h"

namespace gateway::events {

// As ledger::Migrate.
absl::Status MigratePostgresql(const std::string& dsn, const std::string& role);

// The index of each statement in EventTables().statements.
enum class Query {
  // The log.
  kReadSecret,
  kPutSecret,
  kFactsSince,
  kLockLog,
  kLook,  // the newest number, and the time
  kPeek,  // as kLook, with the versions of subscriptions
  kSetNewest,
  kSlices,
  kSetSlice,
  kSize,
  // Events.
  kFindKeys,
  kFindTellers,
  kInsert,
  kHeads,
  kRead,
  kKeepKeys,
  kForgetTries,
  kForgetDeadLetters,
  // Subscriptions.
  kAddSubscription,
  kSubscriptions,
  kCountSubscriptions,
  kLock,
  kLockAll,
  kState,
  kSetSubscription,
  kPutDone,
  kRemoveDone,
  kPutTries,
  kRemoveTries,
  kPutLeases,
  kRemoveLeases,
  kPutDeadLetter,
  kRemoveDeadLetter,
  kListDeadLetters,
  kCountDeadLetters,
  kEndLeases,
  kEndTries,
  kEndDeadLetters,
  kQueries,
};

const ledger::PostgresqlTables& EventTables();

// The SQL that removes all events of a slice. It cannot be a prepared statement, because a
// parameter cannot stand for the name of a table.
std::string TruncateText(int slice);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_SCHEMA_H_
