#include "service/generation/check_store.h"

#include <unistd.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"
#include "service/generation/store_secrets.h"
#include "service/ledger/postgresql/parameters.h"
#include "service/ledger/sqlite/files.h"

namespace gateway {

absl::Status CheckDsn(const std::string& dsn_file) {
  if (dsn_file.empty()) return absl::OkStatus();
  const std::optional<std::string> dsn = ReadFile(dsn_file);
  if (!dsn) {
    return absl::NotFoundError(absl::StrCat("postgresql.dsn_file: ", WhyUnreadable(dsn_file)));
  }
  return Prefixed("postgresql.dsn_file: ",
                  ledger::PostgresqlParameters::Parse(*dsn, "schema", absl::Seconds(1)).status());
}

absl::Status CheckSqliteStore(const std::string& file, const std::vector<StoreSecret>& secrets) {
  if (file.empty()) return absl::OkStatus();
  if (absl::Status folder = CheckStoreFolder(file); !folder.ok()) return folder;
  for (const StoreSecret& secret : secrets) {
    const bool made = secret.configured.empty() && access(secret.beside.c_str(), F_OK) == 0;
    if (!made) continue;
    const absl::Status read = ReadStoreSecret(secret.key, secret.beside).status();
    if (!read.ok()) return read;
  }
  return Prefixed("file: ", ledger::CheckSqliteFile(file));
}

}  // namespace gateway
