// From the section `ledger` of the configuration to the ledger that calls use.
#ifndef SERVICE_GENERATION_OPEN_LEDGER_H_
#define SERVICE_GENERATION_OPEN_LEDGER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/ledger_config.h"
#include "service/generation/ledger_in_use.h"

namespace gateway {

// Opens the store: a file of SQLite is locked from here on; PostgreSQL need not be reachable yet.
// Errors begin with the key that is to blame: "file: ...". Waits for the disk.
absl::StatusOr<std::unique_ptr<LedgerInUse>> OpenLedger(const LedgerConfig& config);

// Whether the secrets and the connection string can be read, without opening anything.
absl::Status CheckLedger(const LedgerConfig& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_LEDGER_H_
