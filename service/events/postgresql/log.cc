#include "service/events/postgresql/log.h"

#include <string>
#include <utility>

namespace gateway::events {

absl::StatusOr<std::unique_ptr<PostgresqlEventLog>> PostgresqlEventLog::Create(
    PostgresqlOptions options) {
  const absl::StatusOr<ledger::PostgresqlParameters> parameters =
      ledger::PostgresqlParameters::Parse(options.dsn, EventTables().schema,
                                          options.statement_timeout);
  if (!parameters.ok()) return parameters.status();
  options.dsn.clear();  // it may hold a password
  return std::unique_ptr<PostgresqlEventLog>(new PostgresqlEventLog(options, *parameters));
}

PostgresqlEventLog::PostgresqlEventLog(const PostgresqlOptions& options,
                                       const ledger::PostgresqlParameters& parameters)
    : QueuedLog(options.common, nullptr,
                [options, parameters, retention = std::make_shared<ledger::RetentionClock>(),
                 warned = std::string()]() mutable -> absl::StatusOr<std::unique_ptr<Store>> {
                  auto store = PostgresqlStore::Open(options, parameters, *retention);
                  if (!store.ok()) return store.status();
                  const std::string& warning = (*store)->warning();
                  if (!warning.empty() && warning != warned && options.common.on_event) {
                    options.common.on_event("the database's settings", warning);
                  }
                  warned = warning;
                  return *std::move(store);
                }) {}

}  // namespace gateway::events
