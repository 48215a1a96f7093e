// Opens the ledger that the section `ledger` of the configuration describes.
#ifndef SERVICE_GENERATION_OPEN_LEDGER_H_
#define SERVICE_GENERATION_OPEN_LEDGER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/ledger_config.h"
#include "service/generation/ledger_in_use.h"

namespace gateway {

// Opens the store. A SQLite file is locked from here on; PostgreSQL need not be reachable yet.
// Errors begin with the configuration key at fault: "file: ...". Blocks on the disk.
absl::StatusOr<std::unique_ptr<LedgerInUse>> OpenLedger(const LedgerConfig& config);

// Reads the reply keys from their files again. On error, the present keys stay in use.
absl::Status RenewReplyKeys(const LedgerConfig& config, LedgerInUse& ledger);

// Checks the secrets that the configuration names, and the connection string. Opens nothing.
absl::Status CheckLedger(const LedgerConfig& config);

// Checks the SQLite file, its folder and the secrets beside it, as far as OpenLedger would refuse
// them without opening the file. Makes nothing.
absl::Status CheckLedgerFile(const LedgerConfig& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_OPEN_LEDGER_H_
