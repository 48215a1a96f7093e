// Retention between gateways that share a PostgreSQL, and what a log remembers of events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/events/postgresql/log.h"
#include "service/events/postgresql/rows.h"
#include "service/events/postgresql/schema.h"
#include "service/ledger/postgresql/parameters.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/events/log_under_test.h"

namespace gateway::events {
namespace {

using ledger::DatabaseOf;
using ledger::PostgresqlServer;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(60);

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    options_.first_retry = absl::Milliseconds(10);
    options_.max_retry = absl::Milliseconds(100);
    options_.tend_every = absl::Hours(1);
  }

  // Returns when the gateway has read the database.
  std::unique_ptr<EventLog> Open(const Options& options) {
    auto log = OpenPostgresql(dsn_, options);
    const SteadyTime end = SteadyTime::Now() + kPatience;
    while (log->ack_secret().empty() && SteadyTime::Now() < end) std::this_thread::yield();
    EXPECT_NE(log->ack_secret(), "");
    return log;
  }

  PostgresqlServer& server_ = PostgresqlServer::Shared();
  const std::string dsn_ = NewEventDatabase(server_);
  Options options_;
};

TEST_F(RetentionTest, AGatewayThatDoesNotKnowTheSubscriptionMayRemoveItsEvents) {
  std::atomic<int> told{0};
  options_.on_event = [&](absl::string_view event, absl::string_view reason) {
    if (event == "events were removed that a subscription was still owed" && reason == "s 2") {
      ++told;
    }
  };
  options_.subscriptions = {{.name = "s", .ack_deadline = absl::Hours(1), .max_attempts = 1}};
  const auto log = Open(options_);
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(AppendTo(*log, TestEvent(id)).ok());
  const auto received = PullFrom(*log, "s", 3);
  ASSERT_EQ(received->size(), 3u);
  ASSERT_TRUE(AcknowledgeIn(*log, "s", {(*received)[0]}).ok());
  ModifyRequest dies{.subscription = "s", .what = ModifyRequest::kGiveBack};
  dies.ack_ids = {(*received)[1].ack_id};
  ASSERT_THAT(*ModifyIn(*log, dies), ElementsAre(true));

  Options receiver = options_;
  receiver.subscriptions.clear();
  receiver.keep = absl::ZeroDuration();
  Open(receiver).reset();  // looks for what is too old before it ends
  EXPECT_EQ(server_.Ask(DatabaseOf(dsn_), "SELECT count(*) FROM gateway_events.events"), "0");

  const auto dead = Wait<std::vector<DeadLetter>>(
      [&](auto done) { log->ListDeadLetters({.subscription = "s"}, std::move(done)); });
  ASSERT_TRUE(dead.ok()) << dead.status();
  EXPECT_THAT(*dead, IsEmpty());
  const auto redelivered = Wait<Effects>(
      [&](auto done) { log->Redeliver({.subscription = "s", .numbers = {2}}, std::move(done)); });
  ASSERT_TRUE(redelivered.ok()) << redelivered.status();
  EXPECT_THAT(*redelivered, ElementsAre(false));
  EXPECT_THAT(IdsOf(PullFrom(*log, "s")), IsEmpty());
  ASSERT_TRUE(AppendTo(*log, TestEvent("e")).ok());
  EXPECT_THAT(IdsOf(PullFrom(*log, "s")), ElementsAre("e"));
  EXPECT_EQ(log->stats().unavailable, "");
  EXPECT_EQ(log->stats().subscriptions["s"].counters.lost, 2u) << "one was out, one never was";
  EXPECT_EQ(told, 1);
}

// The new subscription is not among those that were locked, so its gateway may be reading.
TEST_F(RetentionTest, NothingIsRemovedWhileASubscriptionComes) {
  const std::string database = DatabaseOf(dsn_);
  const std::string count = "SELECT count(*) FROM gateway_events.events";
  options_.keep = absl::ZeroDuration();
  auto log = Open(options_);
  ASSERT_TRUE(AppendTo(*log, TestEvent("a")).ok());
  PGconn* const other = PQconnectdb(dsn_.c_str());
  PQclear(PQexec(other, "BEGIN; SELECT newest FROM gateway_events.log FOR UPDATE"));
  auto removes = std::async(std::launch::async, [&log] { log.reset(); });
  const auto waits = [&] {
    return server_.Ask(database, "SELECT count(*) FROM pg_locks WHERE NOT granted") != "0";
  };
  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (!waits() && SteadyTime::Now() < end) std::this_thread::yield();
  server_.Execute(database,
                  "INSERT INTO gateway_events.subscriptions(name, era, next_lease, version) "
                  "VALUES ('new', 1, 1, 1)");
  PQfinish(other);
  removes.get();
  EXPECT_EQ(server_.Ask(database, count), "1");
  Open(options_).reset();
  EXPECT_EQ(server_.Ask(database, count), "0") << "the next time";
}

// A failover may lead to a machine whose clock is wrong.
TEST_F(RetentionTest, ADatabaseThatComesBackInTheFutureRemovesNothing) {
  options_.subscriptions = {{.name = "s"}};
  options_.tend_every = absl::ZeroDuration();
  const auto log = Open(options_);
  ASSERT_TRUE(AppendTo(*log, TestEvent("a")).ok());
  server_.Execute(DatabaseOf(dsn_),
                  "CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz "
                  "LANGUAGE sql AS 'SELECT statement_timestamp() + interval ''60 days'''");
  server_.Execute(DatabaseOf(dsn_),
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE datname = current_database() AND usename = 'gateway'");
  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (!AppendTo(*log, TestEvent("b")).ok() && SteadyTime::Now() < end) {
    std::this_thread::yield();
  }
  const auto received = PullFrom(*log, "s");
  ASSERT_THAT(IdsOf(received), ElementsAre("a", "b"));
  EXPECT_GT((*received)[1].event.event.head.received, absl::Now() + absl::Hours(24 * 59));
}

// A gateway that only receives never reads heads, so the heads that it appends must not pile up.
TEST_F(RetentionTest, HeadsOfWhatNobodyPullsAreForgotten) {
  const auto parameters =
      ledger::PostgresqlParameters::Parse(dsn_, EventTables().schema, kPatience);
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  const auto session = PostgresqlSession::Open(*parameters, kPatience);
  ASSERT_TRUE(session.ok()) << session.status();
  PostgresqlRows rows(**session, options_.keep);
  ASSERT_TRUE(rows.AddSubscriptions({"idle"}).ok());
  ASSERT_TRUE(rows.Begin({.subscriptions = {}, .log = true}).ok());
  const SealedEvent event = TestEvent("a");
  for (size_t i = 0; i < PostgresqlRows::kMostHeads + 100; ++i) {
    ASSERT_TRUE(rows.Insert(event, rows.time()).ok());
    if (i % 1000 != 0) continue;
    ASSERT_TRUE((*session)->Finish().ok());
  }
  EXPECT_EQ(rows.remembered_heads(), PostgresqlRows::kMostHeads);
  const auto newest = rows.HeadsAfter(rows.newest() - 1, 1);
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(newest->size(), 1u) << "it can be read all the same";
}

}  // namespace
}  // namespace gateway::events
