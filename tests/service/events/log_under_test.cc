#include "tests/service/events/log_under_test.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "service/events/postgresql/log.h"
#include "service/events/postgresql/schema.h"
#include "service/events/sqlite/log.h"
#include "service/ledger/sqlite/database.h"
#include "tests/service/temp_dir.h"

namespace gateway::events {
namespace {

using ledger::PostgresqlServer;
using ledger::SqliteDatabase;

class SqliteUnderTest final : public LogUnderTest {
 public:
  std::unique_ptr<EventLog> Open(const Options& options) override {
    auto log = SqliteEventLog::Open({.common = options, .file = file_});
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  void Age(absl::Duration by) override {
    auto database = SqliteDatabase::Open(file_, nullptr);
    ASSERT_TRUE(database.ok()) << database.status();
    const std::string sql =
        absl::StrCat("UPDATE events SET received = received - ", absl::ToInt64Microseconds(by));
    EXPECT_TRUE(database->Execute(sql.c_str()).ok());
  }

 private:
  const TempDir folder_;
  const std::string file_ = folder_.Path("events.db");
};

class PostgresqlUnderTest final : public LogUnderTest {
 public:
  std::unique_ptr<EventLog> Open(const Options& options) override {
    return OpenPostgresql(dsn_, options);
  }

  void Age(absl::Duration by) override {
    const int64_t micros = absl::ToInt64Microseconds(by);
    server_.Execute(ledger::DatabaseOf(dsn_),
                    absl::StrCat("UPDATE gateway_events.events SET received = received - ", micros,
                                 "; UPDATE gateway_events.slices SET began = began - ", micros,
                                 ", ended = ended - ", micros, " WHERE first > 0"));
  }

 private:
  PostgresqlServer& server_ = PostgresqlServer::Shared();
  const std::string dsn_ = NewEventDatabase(server_);
};

}  // namespace

std::unique_ptr<LogUnderTest> MakeLogUnderTest(const std::string& kind) {
  if (kind == "Postgresql") return std::make_unique<PostgresqlUnderTest>();
  EXPECT_EQ(kind, "Sqlite");
  return std::make_unique<SqliteUnderTest>();
}

std::string NewEventDatabase(PostgresqlServer& server) {
  const std::string name = server.NewDatabase();
  const absl::Status migrated = MigratePostgresql(server.DsnOf(name, "postgres"), "gateway");
  EXPECT_TRUE(migrated.ok()) << migrated;
  return server.DsnOf(name, "gateway");
}

std::unique_ptr<EventLog> OpenPostgresql(const std::string& dsn, const Options& options) {
  auto log = PostgresqlEventLog::Create({.common = options, .dsn = dsn});
  EXPECT_TRUE(log.ok()) << log.status();
  return *std::move(log);
}

}  // namespace gateway::events
