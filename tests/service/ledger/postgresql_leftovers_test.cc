// What a ledger in PostgreSQL writes later than it was asked: claims that it takes back because
// nobody knows whether they became durable, and results that the database refused.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <atomic>
#include <functional>
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

constexpr char kContradiction[] = "a write happened that was taken for one that did not";

// A gateway with a role and a connection of its own. With one connection, the database does one
// thing after another for it.
struct Gateway {
  Gateway(const std::string& dsn, const std::string& role, absl::Duration retry,
          absl::Duration timeout)
      : role(role) {
    PostgresqlOptions options;
    options.common = TestOptions();
    options.common.on_event = [this](absl::string_view event, absl::string_view) {
      const absl::Duration pause = stall.exchange(absl::ZeroDuration());
      events.Add(event);
      absl::SleepFor(pause);
    };
    options.dsn = dsn;
    options.connections = 1;
    options.statement_timeout = timeout;
    options.first_retry = retry;
    options.max_retry = retry;
    ledger = PostgresqlLedger::Create(std::move(options)).value();
    events.WaitFor("the ledger is written again");
  }

  const std::string role;
  Events events;
  std::atomic<absl::Duration> stall{absl::ZeroDuration()};  // of the ledger's thread, once
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
  std::unique_ptr<Gateway> Open(const std::string& role,
                                absl::Duration retry = absl::Milliseconds(10),
                                absl::Duration timeout = absl::Minutes(1)) const {
    return std::make_unique<Gateway>(server_.DsnOf(database_, role), role, retry, timeout);
  }
  // Lets the role claim, and settle nothing.
  void Forbid(const Gateway& gateway) {
    server_.Execute(database_,
                    absl::StrCat("REVOKE UPDATE ON gateway_ledger.entries FROM ", gateway.role));
  }
  void Permit(const Gateway& gateway) {
    server_.Execute(database_,
                    absl::StrCat("GRANT UPDATE ON gateway_ledger.entries TO ", gateway.role));
  }
  // The ledger takes a turn with each call.
  static void TakeTurns(Gateway& gateway, int turns) {
    for (int i = 0; i < turns; ++i) {
      EXPECT_TRUE(absl::IsNotFound(FindKey(*gateway.ledger, "no such key").status()));
    }
  }
  static ClaimAnswer NotDone(Gateway& gateway, const std::string& key) {
    const ClaimAnswer claimed = Claim(*gateway.ledger, key).value();
    EXPECT_TRUE(Settle(*gateway.ledger, claimed, {Settlement::kUnknown}).ok());
    EXPECT_TRUE(
        Resolve(*gateway.ledger, {.id = claimed.entry.id, .reason = "r", .resolver = "me"}).ok());
    return claimed;
  }
  static LedgerStats StatsOnce(Gateway& gateway,
                               const std::function<bool(const LedgerStats&)>& wanted) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!wanted(gateway.ledger->stats()) && absl::Now() < end) TakeTurns(gateway, 1);
    return gateway.ledger->stats();
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
    TakeTurns(gateway, 2);
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

TEST_F(PostgresqlLeftoversTest, AResultThatIsRefusedIsNotTriedWithEveryTurn) {
  const std::unique_ptr<Gateway> slow = Open("slow", absl::Hours(1));
  const ClaimAnswer claimed = Claim(*slow->ledger, "key").value();
  Forbid(*slow);
  EXPECT_TRUE(absl::IsUnavailable(Settle(*slow->ledger, claimed, {Settlement::kDone}).status()));
  TakeTurns(*slow, 50);
  EXPECT_EQ(slow->ledger->stats().failed_commits, 1u);
  EXPECT_EQ(slow->ledger->stats().unwritten, 1u);
  slow->ledger.reset();  // tries once more, and ends
}

TEST_F(PostgresqlLeftoversTest, AResultThatWasRefusedIsWrittenWhenTheLedgerEnds) {
  const std::unique_ptr<Gateway> slow = Open("slow", absl::Hours(1));
  const ClaimAnswer claimed = Claim(*slow->ledger, "key").value();
  Forbid(*slow);
  EXPECT_TRUE(absl::IsUnavailable(Settle(*slow->ledger, claimed, {Settlement::kDone}).status()));
  Permit(*slow);
  slow->ledger.reset();
  EXPECT_EQ(Find(*Open("gateway")->ledger, claimed.entry.id)->state, State::kDone);
}

// The answer was there in time. That this process looked at it late is no reason to lose it. The
// ledger's thread stands still while it tells of a contradiction.
TEST_F(PostgresqlLeftoversTest, AnAnswerThatArrivedDuringAStallCounts) {
  const std::unique_ptr<Gateway> slow = Open("slow", absl::Hours(1), absl::Milliseconds(100));
  const ClaimAnswer first = NotDone(*slow, "first");
  const ClaimAnswer second = NotDone(*slow, "second");
  slow->stall = absl::Seconds(1);
  Answered<Entry> settled[2];
  Answered<ClaimAnswer> claimed;
  slow->ledger->Settle(HoldingOf(first), {Settlement::kDone}, settled[0].callback());
  slow->events.WaitFor(kContradiction);
  // These two are sent together. The second one takes the database longer, and is answered during a
  // stall that exceeds the connection's patience of 2.1 seconds.
  slow->stall = absl::Seconds(3);
  slow->ledger->Settle(HoldingOf(second), {Settlement::kDone}, settled[1].callback());
  slow->ledger->Claim(RequestOf("third"), claimed.callback());
  const absl::StatusOr<ClaimAnswer> answer = claimed.Get();
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(settled[0].Get().ok());
  EXPECT_TRUE(settled[1].Get().ok());
}

TEST_F(PostgresqlLeftoversTest, AContradictionIsToldOnce) {
  const std::unique_ptr<Gateway> slow = Open("slow");
  const ClaimAnswer claimed = NotDone(*slow, "key");
  Forbid(*slow);
  EXPECT_TRUE(absl::IsUnavailable(Settle(*slow->ledger, claimed, {Settlement::kDone}).status()));
  const auto was_tried_often = [](const LedgerStats& stats) { return stats.failed_commits >= 5; };
  EXPECT_EQ(StatsOnce(*slow, was_tried_often).contradictions, 1u);
  Permit(*slow);
  const auto is_written = [&](const LedgerStats&) {
    return Find(*slow->ledger, claimed.entry.id)->state == State::kDone;
  };
  EXPECT_EQ(StatsOnce(*slow, is_written).contradictions, 1u);
  EXPECT_EQ(Find(*slow->ledger, claimed.entry.id)->state, State::kDone);
}

}  // namespace
}  // namespace gateway::ledger
