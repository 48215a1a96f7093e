// Makes the tables in PostgreSQL that a release needs.
#ifndef SERVICE_GENERATION_MIGRATE_H_
#define SERVICE_GENERATION_MIGRATE_H_

#include <string>

#include "absl/status/status.h"

namespace gateway {

// Brings the tables of a ledger and of a log of events up to date, and grants `role` what the
// gateway needs. Tables that are not used stay empty. `dsn_file` has the connection string of a
// user who may change tables and grant rights. Blocks on the database.
absl::Status Migrate(const std::string& dsn_file, const std::string& role);

}  // namespace gateway

#endif  // SERVICE_GENERATION_MIGRATE_H_
