#include "service/generation/migrate.h"

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"
#include "service/events/postgresql/schema.h"
#include "service/ledger/postgresql/schema.h"

namespace gateway {

absl::Status Migrate(const std::string& dsn_file, const std::string& role) {
  const auto dsn = ReadFile(dsn_file);
  if (!dsn) return absl::NotFoundError(absl::StrCat(dsn_file, ": ", WhyUnreadable(dsn_file)));
  absl::Status status = ledger::MigratePostgresql(*dsn, role);
  if (status.ok()) status = events::MigratePostgresql(*dsn, role);
  return Prefixed(absl::StrCat(dsn_file, ": "), status);
}

}  // namespace gateway
