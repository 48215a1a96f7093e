#include "service/events/sqlite/log.h"

#include <utility>

namespace gateway::events {

absl::StatusOr<std::unique_ptr<SqliteEventLog>> SqliteEventLog::Open(const SqliteOptions& options) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(options, /*first=*/true);
  if (!store.ok()) return store.status();
  return std::unique_ptr<SqliteEventLog>(new SqliteEventLog(options, *std::move(store)));
}

SqliteEventLog::SqliteEventLog(const SqliteOptions& options, std::unique_ptr<SqliteStore> store)
    : QueuedLog(options.common, std::move(store),
                [options]() -> absl::StatusOr<std::unique_ptr<Store>> {
                  return SqliteStore::Open(options, /*first=*/false);
                }) {}

}  // namespace gateway::events
