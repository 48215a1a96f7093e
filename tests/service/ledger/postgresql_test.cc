// Which databases the ledger in PostgreSQL refuses, and which failures it survives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "service/ledger/postgresql/ledger.h"
#include "service/ledger/postgresql/parameters.h"
#include "service/ledger/postgresql/schema.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/postgresql_server.h"

namespace gateway::ledger {
namespace {

using testing::HasSubstr;
using testing::Not;

std::unique_ptr<Ledger> OpenAt(const std::string& dsn) {
  PostgresqlOptions options;
  options.common = TestOptions();
  options.dsn = dsn;
  auto ledger = PostgresqlLedger::Create(std::move(options));
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  return *std::move(ledger);
}

// Returns the answer of a claim once the ledger has reached the database, or the error if it
// cannot.
absl::StatusOr<ClaimAnswer> ClaimWithPatience(Ledger& ledger, const std::string& key) {
  absl::StatusOr<ClaimAnswer> answer = Claim(ledger, key);
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (absl::IsUnavailable(answer.status()) && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(20));
    answer = Claim(ledger, key);
  }
  return answer;
}

// Returns why the ledger cannot be used, once it has reached the database.
std::string Unavailable(Ledger& ledger, const std::string& expected) {
  std::string reason;
  const absl::Time end = absl::Now() + absl::Seconds(20);
  do {
    reason = std::string(Claim(ledger, "key").status().message());
  } while (reason.find(expected) == std::string::npos && absl::Now() < end);
  return reason;
}

TEST(PostgresqlTest, ADatabaseThatForgetsIsRefused) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = server.NewLedger();
  server.Execute("postgres",
                 absl::StrCat("ALTER DATABASE ", DatabaseOf(dsn), " SET synchronous_commit = off"));
  const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
  EXPECT_THAT(Unavailable(*ledger, "synchronous_commit"), HasSubstr("synchronous_commit"));
  EXPECT_THAT(ledger->stats().unavailable, HasSubstr("synchronous_commit"));
}

// Commits that wait for no standby are as safe as no standby.
TEST(PostgresqlTest, CommitsThatWaitForNoStandbyAreTold) {
  PostgresqlServer server;
  const std::string dsn = server.NewLedger();
  server.Execute("postgres", absl::StrCat("ALTER DATABASE ", DatabaseOf(dsn),
                                          " SET synchronous_commit = local"));
  server.Execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  server.Kill();
  server.Start();
  std::mutex mutex;
  std::string told;
  PostgresqlOptions options;
  options.common = TestOptions();
  options.common.on_event = [&](absl::string_view event, absl::string_view reason) {
    const std::lock_guard lock(mutex);
    if (event == "the database's settings") told = std::string(reason);
  };
  options.dsn = dsn;
  const std::unique_ptr<Ledger> ledger = PostgresqlLedger::Create(std::move(options)).value();
  EXPECT_TRUE(ClaimWithPatience(*ledger, "key").ok());
  const std::lock_guard lock(mutex);
  EXPECT_THAT(told, HasSubstr("synchronous_commit=local"));
}

TEST(PostgresqlTest, ADatabaseWithoutTheSchemaIsRefused) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string database = server.NewDatabase();
  const std::unique_ptr<Ledger> ledger = OpenAt(server.DsnOf(database, "gateway"));
  EXPECT_THAT(Unavailable(*ledger, "prepared"), HasSubstr("prepared"));
  // When the schema is made, the ledger works again by itself.
  ASSERT_TRUE(MigratePostgresql(server.DsnOf(database, "postgres"), "gateway").ok());
  EXPECT_TRUE(ClaimWithPatience(*ledger, "key").ok());
}

TEST(PostgresqlTest, ASchemaOfALaterReleaseIsRefused) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = server.NewLedger();
  server.Execute(DatabaseOf(dsn), "INSERT INTO gateway_ledger.versions VALUES (99)");
  const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
  EXPECT_THAT(Unavailable(*ledger, "migrated"), HasSubstr("migrated"));
}

// The gateway's own role may read and write rows, and nothing else.
TEST(PostgresqlTest, TheRoleThatRunsCannotChangeTables) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = server.NewLedger();
  EXPECT_TRUE(ClaimWithPatience(*OpenAt(dsn), "key").ok());
  PGconn* const connection = PQconnectdb(dsn.c_str());
  for (const char* const statement :
       {"DROP TABLE gateway_ledger.entries", "ALTER TABLE gateway_ledger.entries ADD x int",
        "CREATE TABLE gateway_ledger.other (x int)", "TRUNCATE gateway_ledger.entries"}) {
    PGresult* const result = PQexec(connection, statement);
    EXPECT_EQ(std::string(PQresultErrorField(result, PG_DIAG_SQLSTATE)), "42501") << statement;
    PQclear(result);
  }
  PQfinish(connection);
}

TEST(PostgresqlTest, AMigrationMayBeRepeated) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = server.NewLedger();
  const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
  ASSERT_TRUE(ClaimWithPatience(*ledger, "key").ok());
  const std::string administrator = server.DsnOf(DatabaseOf(dsn), "postgres");
  EXPECT_TRUE(MigratePostgresql(administrator, "gateway").ok());
  EXPECT_EQ(Claim(*ledger, "key")->kind, ClaimAnswer::kInProgress);
}

// Version 2 of the schema added an index, and nothing else.
TEST(PostgresqlTest, ASchemaOfTheVersionBeforeIsTakenOverByTheAdministratorAlone) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = server.NewLedger();
  {
    const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
    const absl::StatusOr<ClaimAnswer> claimed = ClaimWithPatience(*ledger, "key");
    ASSERT_TRUE(claimed.ok()) << claimed.status();
    ASSERT_TRUE(Settle(*ledger, *claimed, {Settlement::kDone, "reply"}).ok());
  }
  server.Execute(DatabaseOf(dsn),
                 "DROP INDEX gateway_ledger.recent_guards; "
                 "DELETE FROM gateway_ledger.versions WHERE version = 2");
  const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
  EXPECT_THAT(Unavailable(*ledger, "migrated"), HasSubstr("migrated"));
  ASSERT_TRUE(MigratePostgresql(server.DsnOf(DatabaseOf(dsn), "postgres"), "gateway").ok());
  const absl::StatusOr<ClaimAnswer> again = ClaimWithPatience(*ledger, "key");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->kind, ClaimAnswer::kDone);
  EXPECT_EQ(again->entry.reply, "reply");
}

TEST(PostgresqlTest, WhatWasConfirmedOutlivesACrashOfTheDatabase) {
  PostgresqlServer server;
  const std::unique_ptr<Ledger> ledger = OpenAt(server.NewLedger());
  const absl::StatusOr<ClaimAnswer> claimed = ClaimWithPatience(*ledger, "key");
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  ASSERT_TRUE(Settle(*ledger, *claimed, {Settlement::kDone, "reply"}).ok());
  server.Kill();
  EXPECT_TRUE(absl::IsUnavailable(Claim(*ledger, "other").status()));
  server.Start();
  const absl::StatusOr<ClaimAnswer> again = ClaimWithPatience(*ledger, "key");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->kind, ClaimAnswer::kDone);
  EXPECT_EQ(again->entry.reply, "reply");
}

TEST(PostgresqlTest, AStartWithoutTheDatabaseComesToItself) {
  PostgresqlServer server;
  const std::string dsn = server.NewLedger();
  server.Kill();
  const std::unique_ptr<Ledger> ledger = OpenAt(dsn);
  EXPECT_TRUE(absl::IsUnavailable(Claim(*ledger, "key").status()));
  server.Start();
  EXPECT_TRUE(ClaimWithPatience(*ledger, "key").ok());
}

TEST(PostgresqlParametersTest, VerifiesTheServerUnlessTheDsnSaysOtherwise) {
  const auto parameters = PostgresqlParameters::Parse("host=db dbname=ledger user=gateway",
                                                      "gateway_ledger", absl::Seconds(5));
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_EQ(parameters->all().at("sslmode"), "verify-full");
  const auto plain = PostgresqlParameters::Parse(
      "host=db dbname=ledger user=gateway sslmode=disable", "gateway_ledger", absl::Seconds(5));
  EXPECT_EQ(plain->all().at("sslmode"), "disable");
}

TEST(PostgresqlParametersTest, TheEnvironmentSaysNothing) {
  setenv("PGHOST", "elsewhere", 1);
  setenv("PGSSLMODE", "disable", 1);
  setenv("PGPORT", "1", 1);
  const auto parameters = PostgresqlParameters::Parse("host=db dbname=ledger user=gateway",
                                                      "gateway_ledger", absl::Seconds(5));
  unsetenv("PGHOST");
  unsetenv("PGSSLMODE");
  unsetenv("PGPORT");
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_EQ(parameters->all().at("host"), "db");
  EXPECT_EQ(parameters->all().at("sslmode"), "verify-full");
  EXPECT_EQ(parameters->all().at("port"), "5432");
  // A variable whose parameter has no neutral value is refused by name.
  setenv("PGPASSWORD", "SECRET-MARKER", 1);
  const auto refused = PostgresqlParameters::Parse("host=db dbname=ledger user=gateway",
                                                   "gateway_ledger", absl::Seconds(5));
  unsetenv("PGPASSWORD");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("PGPASSWORD"));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("SECRET-MARKER")));
}

TEST(PostgresqlParametersTest, ErrorsShowNothingOfTheDsn) {
  for (const char* const dsn :
       {"password=SECRET-MARKER", "SECRET-MARKER", "postgres://u:SECRET-MARKER@",
        "host=db dbname=l user=u service=SECRET-MARKER"}) {
    const auto refused = PostgresqlParameters::Parse(dsn, "gateway_ledger", absl::Seconds(5));
    EXPECT_FALSE(refused.ok()) << dsn;
    EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("SECRET-MARKER")));
  }
}

}  // namespace
}  // namespace gateway::ledger
