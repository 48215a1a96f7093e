// The section `ledger` of the configuration. Each default stands beside its member.
#ifndef SERVICE_CONFIG_LEDGER_CONFIG_H_
#define SERVICE_CONFIG_LEDGER_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "service/config/config_reader.h"

namespace gateway {

struct LedgerConfig {
  std::string file;      // SQLite database; empty: SQLite is not used
  std::string dsn_file;  // connection string of PostgreSQL; empty: PostgreSQL is not used
  // Files with 32 visible characters or more. If secret_file or reply_key_file is empty with
  // SQLite, its file is made beside the database.
  std::string secret_file;
  std::string reply_key_file;
  std::string previous_reply_key_file;  // empty: none
  absl::Duration keep_replies = absl::Hours(24 * 30);
  absl::Duration keep_entries = absl::Hours(24 * 365);
  int64_t max_bytes = int64_t{8} << 30;  // of the SQLite database
  // RPCs, as "package.Service/Method", whose calls must bring a key; "*" for all writes.
  std::vector<std::string> require_key;

  bool enabled() const { return !file.empty() || !dsn_file.empty(); }
  bool operator==(const LedgerConfig&) const = default;
};

// Errors go to the reader.
LedgerConfig ReadLedger(ConfigReader::Section& root);

}  // namespace gateway

#endif  // SERVICE_CONFIG_LEDGER_CONFIG_H_
