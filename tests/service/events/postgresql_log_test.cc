// The event log in PostgreSQL: gateways that share a database, databases that the log refuses, and
// failures that the log survives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/postgresql/log.h"
#include "service/events/postgresql/schema.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/events/log_under_test.h"

namespace gateway::events {
namespace {

using ledger::DatabaseOf;
using ledger::PostgresqlServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(60);

Options TestOptions() {
  Options options;
  options.first_retry = absl::Milliseconds(10);
  options.max_retry = absl::Milliseconds(100);
  options.tend_every = absl::Hours(1);
  options.subscriptions = {{.name = "one", .ack_deadline = absl::Hours(1)}};
  return options;
}

// Appends an event, again and again while the log is unavailable. Returns the last answer after
// kPatience at the latest.
absl::StatusOr<Appended> AppendWithPatience(EventLog& log, const std::string& id) {
  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (true) {
    const auto appended = AppendTo(log, TestEvent(id));
    if (!absl::IsUnavailable(appended.status()) || SteadyTime::Now() > end) return appended;
    std::this_thread::yield();
  }
}

// Appends an event, again and again until the error contains `expected`. Returns the last error,
// after kPatience at the latest.
std::string Refusal(EventLog& log, const std::string& expected) {
  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (true) {
    const std::string reason(AppendTo(log, TestEvent("a")).status().message());
    if (reason.find(expected) != std::string::npos || SteadyTime::Now() > end) return reason;
    std::this_thread::yield();
  }
}

ModifyRequest Change(ModifyRequest::What what, const std::vector<Received>& received) {
  ModifyRequest request{.subscription = "one", .what = what};
  for (const Received& one : received) request.ack_ids.push_back(one.ack_id);
  return request;
}

// Two gateways on one database.
class TwoLogsTest : public testing::Test {
 protected:
  TwoLogsTest() : TwoLogsTest(TestOptions()) {}
  explicit TwoLogsTest(const Options& options)
      : first_(OpenPostgresql(dsn_, options)), second_(OpenPostgresql(dsn_, options)) {}

  void Append(EventLog& log, const std::string& id, const std::string& resource = "") {
    const auto appended = AppendTo(log, TestEvent(id, "{}", "a", resource));
    EXPECT_TRUE(appended.ok()) << appended.status();
  }

  PostgresqlServer& server_ = PostgresqlServer::Shared();
  const std::string dsn_ = NewEventDatabase(server_);
  std::unique_ptr<EventLog> first_;
  std::unique_ptr<EventLog> second_;
};

TEST_F(TwoLogsTest, OneHandsOutAndTheOtherHearsThatItIsDone) {
  Append(*first_, "a");
  Append(*second_, "b");
  const auto received = PullFrom(*first_, "one");
  EXPECT_THAT(IdsOf(received), ElementsAre("a", "b"));
  EXPECT_THAT(IdsOf(PullFrom(*second_, "one")), IsEmpty()) << "they are out";
  EXPECT_THAT(*AcknowledgeIn(*second_, "one", *received), ElementsAre(true, true));
  EXPECT_THAT(IdsOf(PullFrom(*first_, "one")), IsEmpty());
  EXPECT_EQ(first_->ack_secret(), second_->ack_secret());
  const absl::StatusOr<Appended> again = AppendTo(*second_, TestEvent("a"));
  EXPECT_EQ(again->kind, Appended::kDuplicate);
}

TEST_F(TwoLogsTest, WhatIsGivenBackAtOneIsHandedOutAtTheOther) {
  for (const char* id : {"a", "b", "c"}) Append(*first_, id);
  const auto received = PullFrom(*first_, "one");
  ASSERT_EQ(received->size(), 3u);
  ModifyRequest soon = Change(ModifyRequest::kExtend, {(*received)[0]});
  soon.deadline = SteadyTime::Now();
  EXPECT_THAT(*ModifyIn(*second_, soon), ElementsAre(true));
  const auto expired = PullFrom(*first_, "one", 100, kPatience);
  EXPECT_THAT(IdsOf(expired), ElementsAre("a"));
  EXPECT_EQ((*expired)[0].attempt, 2);
  EXPECT_THAT(*ModifyIn(*second_, Change(ModifyRequest::kTakeBack, {(*received)[1]})),
              ElementsAre(true));
  EXPECT_THAT(*ModifyIn(*second_, Change(ModifyRequest::kGiveBack, {(*received)[2]})),
              ElementsAre(true));
  const auto again = PullFrom(*first_, "one");
  EXPECT_THAT(IdsOf(again), ElementsAre("b", "c"));
  EXPECT_EQ((*again)[0].attempt, 1);
  EXPECT_EQ((*again)[1].attempt, 2);
  EXPECT_THAT(*ModifyIn(*second_, Change(ModifyRequest::kGiveBack, {(*received)[2]})),
              ElementsAre(false))
      << "that lease is over";
}

TEST_F(TwoLogsTest, APullThatWaitsHearsOfWhatTheOtherDoes) {
  auto waiting =
      std::async(std::launch::async, [&] { return PullFrom(*first_, "one", 100, kPatience); });
  Append(*second_, "a");
  const auto received = waiting.get();
  EXPECT_THAT(IdsOf(received), ElementsAre("a"));
  auto again =
      std::async(std::launch::async, [&] { return PullFrom(*first_, "one", 100, kPatience); });
  EXPECT_THAT(*ModifyIn(*second_, Change(ModifyRequest::kGiveBack, *received)), ElementsAre(true));
  EXPECT_THAT(IdsOf(again.get()), ElementsAre("a"));
}

TEST_F(TwoLogsTest, SeekAndRedeliverCountForBoth) {
  for (const char* id : {"a", "b"}) Append(*first_, id);
  const auto received = PullFrom(*first_, "one");
  const auto sought = Wait<int64_t>([&](auto done) {
    second_->Seek({.subscription = "one", .target = int64_t{2}}, std::move(done));
  });
  EXPECT_EQ(*sought, 2);
  EXPECT_THAT(*AcknowledgeIn(*first_, "one", *received), ElementsAre(false, false))
      << "they were handed out before the seek";
  EXPECT_THAT(IdsOf(PullFrom(*first_, "one")), ElementsAre("b"));
}

class DeadLetterTest : public TwoLogsTest {
 protected:
  static Options Once() {
    Options options = TestOptions();
    options.subscriptions[0].max_attempts = 1;
    return options;
  }
  DeadLetterTest() : TwoLogsTest(Once()) {}
};

TEST_F(DeadLetterTest, IsListedAndRedeliveredAtTheOther) {
  Append(*first_, "poison");
  const auto received = PullFrom(*first_, "one");
  EXPECT_THAT(*ModifyIn(*first_, Change(ModifyRequest::kGiveBack, *received)), ElementsAre(true));
  const auto dead = Wait<std::vector<DeadLetter>>(
      [&](auto done) { second_->ListDeadLetters({.subscription = "one"}, std::move(done)); });
  ASSERT_TRUE(dead.ok()) << dead.status();
  ASSERT_EQ(dead->size(), 1u);
  const auto redelivered = Wait<Effects>([&](auto done) {
    second_->Redeliver({.subscription = "one", .numbers = {(*dead)[0].head.number}},
                       std::move(done));
  });
  EXPECT_THAT(*redelivered, ElementsAre(true));
  EXPECT_THAT(IdsOf(PullFrom(*first_, "one")), ElementsAre("poison"));
}

class OrderedTest : public TwoLogsTest {
 protected:
  static Options Ordered() {
    Options options = TestOptions();
    options.subscriptions[0].ordered = true;
    return options;
  }
  OrderedTest() : TwoLogsTest(Ordered()) {}
};

TEST_F(OrderedTest, ALaneHasOneEventOutAtBothTogether) {
  for (const char* id : {"a", "b"}) Append(*first_, id, "order 1");
  const auto received = PullFrom(*first_, "one");
  EXPECT_THAT(IdsOf(received), ElementsAre("a"));
  EXPECT_THAT(IdsOf(PullFrom(*second_, "one")), IsEmpty());
  EXPECT_THAT(*AcknowledgeIn(*second_, "one", *received), ElementsAre(true));
  EXPECT_THAT(IdsOf(PullFrom(*second_, "one")), ElementsAre("b"));
}

class ShortLeaseTest : public TwoLogsTest {
 protected:
  static Options Short() {
    Options options = TestOptions();
    options.subscriptions[0].ack_deadline = absl::Milliseconds(200);
    return options;
  }
  ShortLeaseTest() : TwoLogsTest(Short()) {}
};

TEST_F(ShortLeaseTest, WhatAGatewayThatDiedHadOutComesBackAtTheOther) {
  Append(*first_, "a");
  EXPECT_THAT(IdsOf(PullFrom(*first_, "one")), ElementsAre("a"));
  first_.reset();
  const auto again = PullFrom(*second_, "one", 100, kPatience);
  EXPECT_THAT(IdsOf(again), ElementsAre("a"));
  EXPECT_EQ((*again)[0].attempt, 2);
}

// Both gateways append and hand out at the same time, and each event is appended twice. The numbers
// have no gaps, and no event is handed out twice.
TEST_F(TwoLogsTest, NumbersBecomeVisibleInTheirOrder) {
  constexpr int kEvents = 400;
  std::atomic<int> next{0};
  std::atomic<int> duplicates{0};
  std::vector<std::thread> senders;
  for (EventLog* log : {first_.get(), second_.get(), first_.get(), second_.get()}) {
    senders.emplace_back([&, log] {
      for (int i = next++; i < 2 * kEvents; i = next++) {
        const auto appended = AppendTo(*log, TestEvent(absl::StrCat(i / 2)));
        ASSERT_TRUE(appended.ok()) << appended.status();
        if (appended->kind == Appended::kDuplicate) ++duplicates;
      }
    });
  }
  std::mutex mutex;
  std::set<int64_t> seen;
  std::vector<std::thread> consumers;
  for (EventLog* log : {first_.get(), second_.get()}) {
    consumers.emplace_back([&, log] {
      const auto all_seen = [&] {
        const std::lock_guard lock(mutex);
        return seen.size() >= kEvents;
      };
      const SteadyTime end = SteadyTime::Now() + kPatience;
      while (!all_seen() && SteadyTime::Now() < end) {
        const auto received = PullFrom(*log, "one", 50, absl::Milliseconds(200));
        ASSERT_TRUE(received.ok()) << received.status();
        {
          const std::lock_guard lock(mutex);
          for (const Received& one : *received) {
            EXPECT_TRUE(seen.insert(one.event.event.head.number).second);
          }
        }
        const auto acknowledged = AcknowledgeIn(*log, "one", *received);
        ASSERT_TRUE(acknowledged.ok()) << acknowledged.status();
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  for (std::thread& consumer : consumers) consumer.join();
  EXPECT_EQ(duplicates, kEvents);
  ASSERT_EQ(seen.size(), size_t{kEvents});
  EXPECT_EQ(*seen.begin(), 1);
  EXPECT_EQ(*seen.rbegin(), kEvents) << "there are no gaps";
}

// One event stays handed out while the 600 events behind it are handed out and acknowledged.
TEST_F(TwoLogsTest, ASlowEventDoesNotHoldUpTheOthers) {
  for (int i = 0; i < 600; ++i) first_->Append(TestEvent(absl::StrCat(i)), nullptr);
  Append(*first_, "last");
  const auto slow = PullFrom(*first_, "one", 1);
  EXPECT_THAT(IdsOf(slow), ElementsAre("0"));
  std::set<std::string> seen;
  EventLog* logs[] = {second_.get(), first_.get()};
  for (size_t i = 0; seen.size() < 600; ++i) {
    const auto received = PullFrom(*logs[i % 2], "one", 37);
    ASSERT_TRUE(received.ok() && !received->empty()) << seen.size();
    for (const std::string& id : IdsOf(received)) EXPECT_TRUE(seen.insert(id).second) << id;
    ASSERT_TRUE(AcknowledgeIn(*logs[(i + 1) % 2], "one", *received).ok());
  }
  EXPECT_THAT(*AcknowledgeIn(*second_, "one", *slow), ElementsAre(true));
  EXPECT_THAT(IdsOf(PullFrom(*first_, "one")), IsEmpty());
}

TEST(PostgresqlLogTest, ADatabaseThatForgetsIsRefused) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  server.Execute("postgres",
                 absl::StrCat("ALTER DATABASE ", DatabaseOf(dsn), " SET synchronous_commit = off"));
  const auto log = OpenPostgresql(dsn, TestOptions());
  EXPECT_THAT(Refusal(*log, "synchronous_commit"), HasSubstr("synchronous_commit"));
  EXPECT_THAT(log->stats().unavailable, HasSubstr("synchronous_commit"));
  EXPECT_EQ(log->ack_secret(), "") << "nothing was read from it";
}

TEST(PostgresqlLogTest, ADatabaseWithoutTheSchemaIsRefusedUntilItIsMade) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string database = server.NewDatabase();
  const auto log = OpenPostgresql(server.DsnOf(database, "gateway"), TestOptions());
  EXPECT_THAT(Refusal(*log, "prepared"), HasSubstr("prepared"));
  ASSERT_TRUE(MigratePostgresql(server.DsnOf(database, "postgres"), "gateway").ok());
  EXPECT_TRUE(AppendWithPatience(*log, "a").ok());
}

TEST(PostgresqlLogTest, ASchemaOfALaterReleaseIsRefused) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  server.Execute(DatabaseOf(dsn), "INSERT INTO gateway_events.versions VALUES (99)");
  const auto log = OpenPostgresql(dsn, TestOptions());
  EXPECT_THAT(Refusal(*log, "migrated"), HasSubstr("migrated"));
  EXPECT_EQ(MigratePostgresql(server.DsnOf(DatabaseOf(dsn), "postgres"), "gateway").code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PostgresqlLogTest, AMigrationMayBeRepeated) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  const auto log = OpenPostgresql(dsn, TestOptions());
  ASSERT_TRUE(AppendWithPatience(*log, "a").ok());
  EXPECT_TRUE(MigratePostgresql(server.DsnOf(DatabaseOf(dsn), "postgres"), "gateway").ok());
  EXPECT_EQ(AppendTo(*log, TestEvent("a"))->kind, Appended::kDuplicate);
}

// The gateway's database role may append, read, and empty whole slices. It owns no table.
TEST(PostgresqlLogTest, TheRoleThatRunsCannotChangeTables) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  EXPECT_TRUE(AppendWithPatience(*OpenPostgresql(dsn, TestOptions()), "a").ok());
  PGconn* const connection = PQconnectdb(dsn.c_str());
  for (const char* const statement :
       {"DROP TABLE gateway_events.events_0", "ALTER TABLE gateway_events.events ADD x int",
        "CREATE TABLE gateway_events.other (x int)", "TRUNCATE gateway_events.subscriptions",
        "UPDATE gateway_events.events SET number = 7", "DELETE FROM gateway_events.events",
        "DELETE FROM gateway_events.kept_keys", "DELETE FROM gateway_events.settings",
        "UPDATE gateway_events.settings SET value = ''"}) {
    PGresult* const result = PQexec(connection, statement);
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    EXPECT_STREQ(state, "42501") << statement;
    PQclear(result);
  }
  PQfinish(connection);
}

TEST(PostgresqlLogTest, WhatWasConfirmedOutlivesACrashOfTheDatabase) {
  PostgresqlServer server;
  const auto log = OpenPostgresql(NewEventDatabase(server), TestOptions());
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(AppendWithPatience(*log, id).ok());
  const auto received = PullFrom(*log, "one", 2);
  ASSERT_TRUE(AcknowledgeIn(*log, "one", *received).ok());
  auto waiting =
      std::async(std::launch::async, [&] { return PullFrom(*log, "one", 100, kPatience); });
  EXPECT_THAT(IdsOf(waiting.get()), ElementsAre("c"));
  server.Kill();
  EXPECT_TRUE(absl::IsUnavailable(AppendTo(*log, TestEvent("d")).status()));
  EXPECT_NE(log->stats().unavailable, "");
  server.Start();
  EXPECT_EQ(AppendWithPatience(*log, "a")->kind, Appended::kDuplicate);
  EXPECT_TRUE(AppendWithPatience(*log, "d").ok());
  EXPECT_EQ(log->stats().unavailable, "");
  EXPECT_THAT(*AcknowledgeIn(*log, "one", *received), ElementsAre(true, true)) << "it counts still";
  const auto rest = IdsOf(PullFrom(*log, "one", 100, kPatience));
  EXPECT_EQ(rest.back(), "d");
  EXPECT_LE(rest.size(), 2u) << "c may be out still; a hand-out need not be durable";
}

TEST(PostgresqlLogTest, WhatAFailedTransactionDidIsNotCounted) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  std::atomic<bool> cuts = false;
  Options options = TestOptions();
  options.at_point = [&](absl::string_view point) {
    if (point != "before commit" || !cuts.exchange(false)) return;
    server.Execute("postgres", absl::StrCat("SELECT pg_terminate_backend(pid, 10000) FROM "
                                            "pg_stat_activity WHERE datname = '",
                                            DatabaseOf(dsn), "'"));
  };
  const auto log = OpenPostgresql(dsn, options);
  ASSERT_TRUE(AppendWithPatience(*log, "a").ok());
  cuts = true;
  EXPECT_TRUE(absl::IsUnavailable(AppendTo(*log, TestEvent("b")).status()));
  EXPECT_EQ(AppendWithPatience(*log, "b")->kind, Appended::kNew);
  EXPECT_EQ(log->stats().events, 2u);
}

TEST(PostgresqlLogTest, AStartWithoutTheDatabaseComesToItself) {
  PostgresqlServer server;
  const std::string dsn = NewEventDatabase(server);
  server.Kill();
  const auto log = OpenPostgresql(dsn, TestOptions());
  EXPECT_TRUE(absl::IsUnavailable(AppendTo(*log, TestEvent("a")).status()));
  server.Start();
  EXPECT_TRUE(AppendWithPatience(*log, "a").ok());
  EXPECT_EQ(log->ack_secret().size(), 32u);
}

TEST(PostgresqlLogTest, RowsOfSomebodyElseEndTheLogAndNotTheProcess) {
  PostgresqlServer& server = PostgresqlServer::Shared();
  const std::string dsn = NewEventDatabase(server);
  ASSERT_TRUE(AppendWithPatience(*OpenPostgresql(dsn, TestOptions()), "a").ok());
  server.Execute(DatabaseOf(dsn), "INSERT INTO gateway_events.leases VALUES (1, 5, 'odd')");
  const auto log = OpenPostgresql(dsn, TestOptions());
  EXPECT_THAT(Refusal(*log, "not what it should be"), HasSubstr("not what it should be"));
}

}  // namespace
}  // namespace gateway::events
