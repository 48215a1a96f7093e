// Describes what a store has in PostgreSQL: the schema that holds its tables, the steps that make
// the tables, and every statement that the gateway sends.
//
// The gateway's role has no right to change tables. An administrator calls Migrate with a role that
// has this right, once before each release that needs it.
//
// Thread-safety: values, and functions without state.
#ifndef SERVICE_LEDGER_POSTGRESQL_TABLES_H_
#define SERVICE_LEDGER_POSTGRESQL_TABLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace gateway::ledger {

// The database's clock, in microseconds, as SQL. Not now(), which stands still in a transaction.
inline constexpr char kPostgresqlNow[] =
    "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

struct PostgresqlTables {
  std::string schema;  // "gateway_ledger"
  std::string holder;  // "ledger": for errors
  // SQL. Version n of the schema is what the first n steps have made. A step that was released
  // never changes.
  std::vector<std::string> steps;
  // What the gateway's role may do: "SELECT, INSERT ON gateway_ledger.entries".
  std::vector<std::string> grants;
  // Each connection prepares all of them, and names a statement by its index. The statements name
  // tables without the schema.
  std::vector<std::string> statements;

  int64_t version() const { return static_cast<int64_t>(steps.size()); }
};

// Brings the schema up to date, in one transaction, and grants `role` the rights that the gateway
// needs. Waits for the database. `dsn` is the administrator's.
absl::Status Migrate(const PostgresqlTables& tables, const std::string& dsn,
                     const std::string& role);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_POSTGRESQL_TABLES_H_
