// The tables of a ledger in PostgreSQL, and every statement that the gateway sends.
//
// The gateway's role has no right to change tables: an administrator calls MigratePostgresql with a
// role that has, once before each release that needs it.
//
// Thread-safety: functions without state.
#ifndef SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_
#define SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace gateway::ledger {

inline constexpr int64_t kPostgresqlVersion = 2;

// Brings the schema up to date, in one transaction, and gives `role` what running needs. Waits for
// the database. `dsn` is as the ledger's, of the administrator.
absl::Status MigratePostgresql(const std::string& dsn, const std::string& role);

enum class Query {
  kSettings,  // what the server promises
  kVersion,
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

// Its text, and the name that it is prepared under.
std::string TextOf(Query query);
std::string NameOf(Query query);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_SCHEMA_H_
