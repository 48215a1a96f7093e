#include "service/events/sqlite/log.h"

#include <utility>

namespace gateway::events {

absl::StatusOr<std::unique_ptr<SqliteEventLog>> SqliteEventLog::Open(const SqliteOptions& options) {
  auto retention = std::make_shared<ledger::RetentionClock>();
  absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open(options, *retention, /*first=*/true);
  if (!store.ok()) return store.status();
  return std::unique_ptr<SqliteEventLog>(
      new SqliteEventLog(options, std::move(retention), *std::move(store)));
}

SqliteEventLog::SqliteEventLog(const SqliteOptions& options,
                               std::shared_ptr<ledger::RetentionClock> retention,
                               std::unique_ptr<SqliteStore> store)
    : QueuedLog(options.common, std::move(store),
                [options, retention]() -> absl::StatusOr<std::unique_ptr<Store>> {
                  return SqliteStore::Open(options, *retention, /*first=*/false);
                }) {}

}  // namespace gateway::events
