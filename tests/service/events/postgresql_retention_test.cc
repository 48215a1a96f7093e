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

  // Once it has seen the database.
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
