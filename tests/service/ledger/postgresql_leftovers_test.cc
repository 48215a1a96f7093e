// What a ledger in PostgreSQL writes later than it was asked: claims that it takes back because
// nobody knows whether they became durable, and results that the database refused.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/ledger/postgresql/ledger.h"
#include "service/ledger/postgresql/schema.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/events.h"
#include "tests/service/ledger/postgresql_server.h"

namespace gateway::ledger {
namespace {

// A gateway with a role and a connection of its own. With one connection, the database does one
// thing after another for it.
struct Gateway {
  Gateway(const std::string& dsn, const std::string& role) : role(role) {
    PostgresqlOptions options;
    options.common = TestOptions();
    options.common.on_event = [this](absl::string_view event, absl::string_view) {
      events.Add(event);
    };
    options.dsn = dsn;
    options.connections = 1;
    options.statement_timeout = absl::Minutes(1);
    ledger = PostgresqlLedger::Create(std::move(options)).value();
    events.WaitFor("the ledger is written again");
  }

  const std::string role;
  Events events;
  std::unique_ptr<Ledger> ledger;
};

// Holds the lock of every entry while it lives.
class LockedEntries {
 public:
  explicit LockedEntries(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str())) {
    Execute("BEGIN");
    Execute("SELECT number FROM gateway_ledger.entries FOR UPDATE");
  }
  ~LockedEntries() { PQfinish(connection_); }

 private:
  void Execute(const char* sql) {
    PGresult* const result = PQexec(connection_, sql);
    EXPECT_NE(PQresultStatus(result), PGRES_FATAL_ERROR) << PQerrorMessage(connection_);
    PQclear(result);
  }

  PGconn* const connection_;
};

class PostgresqlLeftoversTest : public testing::Test {
 protected:
  PostgresqlLeftoversTest() {
    server_.Execute("postgres", "CREATE ROLE slow LOGIN");
    EXPECT_TRUE(MigratePostgresql(administrator(), "slow").ok());
  }

  std::string administrator() const { return server_.DsnOf(database_, "postgres"); }
  std::unique_ptr<Gateway> Open(const std::string& role) const {
    return std::make_unique<Gateway>(server_.DsnOf(database_, role), role);
  }
  void AwaitBlocked(const std::string& role) const {
    const std::string blocked = absl::StrCat(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = '",
        role, "'");
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (server_.Ask(database_, blocked) == "0" && absl::Now() < end) {
    }
  }
  // The role's statements that are under way end without an answer, and it cannot come back.
  void CutOff(const Gateway& gateway) {
    server_.Execute(database_, absl::StrCat("ALTER ROLE ", gateway.role, " NOLOGIN"));
    server_.Execute(database_,
                    absl::StrCat("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
                                 "WHERE usename = '",
                                 gateway.role, "'"));
  }
  // Returns when the gateway has written what it had left over.
  void LetIn(Gateway& gateway) {
    server_.Execute(database_, absl::StrCat("ALTER ROLE ", gateway.role, " LOGIN"));
    gateway.events.WaitFor("the ledger is written again");
    // Its leftovers are a read and then a write; each of these calls comes behind one of them.
    EXPECT_TRUE(absl::IsNotFound(FindKey(*gateway.ledger, "no such key").status()));
    EXPECT_TRUE(absl::IsNotFound(FindKey(*gateway.ledger, "no such key").status()));
  }

  PostgresqlServer server_;
  const std::string database_ = DatabaseOf(server_.NewLedger());
};

// Both claims are the entry's second attempt. The one that never became durable must not release
// the one that did: its write is under way.
TEST_F(PostgresqlLeftoversTest, AClaimThatIsTakenBackReleasesNoOtherGatewaysClaim) {
  const std::unique_ptr<Gateway> slow = Open("slow");
  const std::unique_ptr<Gateway> other = Open("gateway");
  ASSERT_TRUE(
      Settle(*other->ledger, Claim(*other->ledger, "key").value(), {Settlement::kRefused}).ok());
  Answered<ClaimAnswer> lost;
  {
    const LockedEntries locked(administrator());
    slow->ledger->Claim(RequestOf("key"), lost.callback());
    AwaitBlocked(slow->role);
    CutOff(*slow);
    EXPECT_TRUE(absl::IsUnavailable(lost.Get().status()));
    slow->events.WaitFor("the ledger cannot be written");
  }
  const absl::StatusOr<ClaimAnswer> claimed = Claim(*other->ledger, "key");
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  ASSERT_EQ(claimed->kind, ClaimAnswer::kClaimed);
  EXPECT_EQ(claimed->entry.attempt, 2);
  LetIn(*slow);
  ASSERT_EQ(Find(*other->ledger, claimed->entry.id)->state, State::kIntent);
  EXPECT_EQ(Settle(*other->ledger, *claimed, {Settlement::kUnknown})->state, State::kUnknown);
}

}  // namespace
}  // namespace gateway::ledger
