// Checks where a store, a ledger or a log of events, is to be kept. Opens no store, makes no file,
// and needs no network.
//
// Thread-safety: functions without state. Errors begin with the configuration's key: "file: ...".
// They are those with which a start would fail.
#ifndef SERVICE_GENERATION_CHECK_STORE_H_
#define SERVICE_GENERATION_CHECK_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace gateway {

// Checks the connection string of PostgreSQL in this file; "": there is none.
absl::Status CheckDsn(const std::string& dsn_file);

// A secret of the store: the configuration's key, and the file that the configuration names.
struct StoreSecret {
  std::string key;
  const std::string& configured;  // "": the secret is kept in the file `beside`
  std::string beside;
};

// Checks the SQLite file and its folder as far as they exist, and the secrets that an earlier start
// has made beside the file. `file` is "" if the store is not kept in SQLite.
absl::Status CheckSqliteStore(const std::string& file, const std::vector<StoreSecret>& secrets);

}  // namespace gateway

#endif  // SERVICE_GENERATION_CHECK_STORE_H_
