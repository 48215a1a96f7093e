// From the section `ledger` of the configuration to the ledger that calls use.
#ifndef SERVICE_GENERATION_OPEN_LEDGER_H_
#define SERVICE_GENERATION_OPEN_LEDGER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/ledger_config.h"
#include "service/generation/ledger_in_use.h"

namespace gateway {

// Opens the store: a file of SQLite is locked from here on; PostgreSQL need not be reachable yet.
// Errors begin with the key that is to blame: "file: ...". Waits for the disk.
absl::StatusOr<std::unique_ptr<LedgerInUse>> OpenLedger(const LedgerConfig& config);

// Takes the keys of replies as their files hold them now. An error leaves those that are there.
absl::Status RenewReplyKeys(const LedgerConfig& config, LedgerInUse& ledger);

// Whether the secrets and the connection string can be read, without opening anything.
absl::Status CheckLedger(const LedgerConfig& config);

// Brings the tables of a ledger in PostgreSQL up to date, and gives `role` what the gateway needs.
// The file has the connection string of a user who may do that. Waits for the database.
absl::Status MigrateLedger(const std::string& dsn_file, const std::string& role);

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_LEDGER_H_
