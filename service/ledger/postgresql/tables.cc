#include "service/ledger/postgresql/tables.h"

#include <libpq-fe.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/ledger/postgresql/parameters.h"

namespace gateway::ledger {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

absl::Status Execute(PGconn* connection, const std::string& sql) {
  PGresult* const result = PQexec(connection, sql.c_str());
  const bool done =
      PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
  PQclear(result);
  return done ? absl::OkStatus() : absl::UnavailableError(PQerrorMessage(connection));
}

absl::StatusOr<int64_t> VersionOf(const PostgresqlTables& tables, PGconn* connection) {
  const std::string sql =
      absl::StrCat("SELECT coalesce(max(version), 0) FROM ", tables.schema, ".versions");
  PGresult* const result = PQexec(connection, sql.c_str());
  int64_t version = 0;
  const bool read = PQntuples(result) == 1 && absl::SimpleAtoi(PQgetvalue(result, 0, 0), &version);
  PQclear(result);
  if (!read) return absl::UnavailableError(PQerrorMessage(connection));
  return version;
}

std::string GrantsOf(const PostgresqlTables& tables, const std::string& role) {
  std::vector<std::string> grants = tables.grants;
  grants.push_back(absl::StrCat("USAGE ON SCHEMA ", tables.schema));
  grants.push_back(absl::StrCat("SELECT ON ", tables.schema, ".versions"));
  return absl::StrJoin(grants, "", [&role](std::string* sql, const std::string& grant) {
    absl::StrAppend(sql, "GRANT ", grant, " TO ", role, "; ");
  });
}

absl::Status MigrateBy(PGconn* connection, const PostgresqlTables& tables,
                       const std::string& role) {
  absl::Status status = Execute(
      connection,
      absl::StrCat("BEGIN; SELECT pg_advisory_xact_lock(5567214); CREATE SCHEMA IF NOT EXISTS ",
                   tables.schema, "; CREATE TABLE IF NOT EXISTS ", tables.schema,
                   ".versions(version bigint PRIMARY KEY)"));
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> version = VersionOf(tables, connection);
  if (!version.ok()) return version.status();
  if (*version > tables.version()) {
    return absl::FailedPreconditionError("the schema is of a newer program");
  }
  for (int64_t i = *version; i < tables.version() && status.ok(); ++i) {
    status = Execute(connection, absl::StrCat(tables.steps[static_cast<size_t>(i)], "INSERT INTO ",
                                              tables.schema, ".versions VALUES (", i + 1, ")"));
  }
  if (!status.ok()) return status;
  char* const quoted = PQescapeIdentifier(connection, role.data(), role.size());
  const std::string name = quoted == nullptr ? "" : quoted;
  PQfreemem(quoted);
  return Execute(connection, absl::StrCat(GrantsOf(tables, name), "COMMIT"));
}

}  // namespace

absl::Status Migrate(const PostgresqlTables& tables, const std::string& dsn,
                     const std::string& role) {
  const absl::StatusOr<PostgresqlParameters> parameters =
      PostgresqlParameters::Parse(dsn, tables.schema, absl::Minutes(10));
  if (!parameters.ok()) return parameters.status();
  const Connection connection(
      PQconnectdbParams(parameters->keywords().data(), parameters->values().data(), 0), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  }
  return MigrateBy(connection.get(), tables, role);
}

}  // namespace gateway::ledger
