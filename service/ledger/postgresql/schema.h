// The tables of a ledger in PostgreSQL, and every statement that the gateway sends.
//
// Thread-safety: functions without state.
#ifndef SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_
#define SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "service/ledger/postgresql/tables.h"

namespace gateway::ledger {

// As Migrate.
absl::Status MigratePostgresql(const std::string& dsn, const std::string& role);

// The index of each statement in LedgerTables().statements.
enum class Query {
  kInsert,
  kById,
  kByScope,
  kByGuard,
  kRecent,
  kUpdate,
  kList,
  kListOpen,
  kDue,
  kEndOverdue,
  kStrip,
  kRemove,
  kEndedAmong,
  kCountOpen,
  kSize,
  kQueries,
};

const PostgresqlTables& LedgerTables();

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_
