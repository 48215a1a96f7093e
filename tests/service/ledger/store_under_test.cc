#include "tests/service/ledger/store_under_test.h"

#include <gtest/gtest.h>

#include "service/ledger/postgresql/ledger.h"
#include "service/ledger/sqlite/database.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/events.h"
#include "tests/service/ledger/postgresql_server.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  std::unique_ptr<Ledger> Open(const Options& options) override {
    absl::StatusOr<std::unique_ptr<SqliteLedger>> ledger =
        SqliteLedger::Open({.common = options, .file = file_});
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return *std::move(ledger);
  }

  void Execute(const std::string& sql) override {
    absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(file_, nullptr);
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status done = database->Execute(sql.c_str());
    EXPECT_TRUE(done.ok()) << done;
  }

 private:
  const TempDir folder_;
  const std::string file_ = folder_.Path("ledger.db");
};

class PostgresqlUnderTest final : public StoreUnderTest {
 public:
  std::unique_ptr<Ledger> Open(const Options& options) override {
    const auto events = std::make_shared<Events>();
    PostgresqlOptions all{.common = options, .dsn = dsn_};
    all.common.on_event = [events](absl::string_view event, absl::string_view) {
      events->Add(event);
    };
    absl::StatusOr<std::unique_ptr<PostgresqlLedger>> ledger =
        PostgresqlLedger::Create(std::move(all));
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    events->WaitFor("the ledger is written again");
    return *std::move(ledger);
  }

  void Execute(const std::string& sql) override {
    server_.Execute(DatabaseOf(dsn_), "SET search_path = gateway_ledger; " + sql);
  }

 private:
  PostgresqlServer& server_ = PostgresqlServer::Shared();
  const std::string dsn_ = server_.NewLedger();
};

}  // namespace

std::unique_ptr<StoreUnderTest> MakeStore(const std::string& kind) {
  if (kind == "Postgresql") return std::make_unique<PostgresqlUnderTest>();
  EXPECT_EQ(kind, "Sqlite");
  return std::make_unique<SqliteUnderTest>();
}

}  // namespace gateway::ledger
