// One of the two databases of an event log, empty, for tests of their common contract.
//
// Thread-safety: the test's thread. Lifetime: must outlive its logs.
#ifndef TESTS_SERVICE_EVENTS_LOG_UNDER_TEST_H_
#define TESTS_SERVICE_EVENTS_LOG_UNDER_TEST_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "service/events/event_log.h"
#include "service/events/options.h"
#include "tests/service/ledger/postgresql_server.h"

namespace gateway::events {

class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;

  // Opens a log on the database. The log accepts events when Open returns.
  virtual std::unique_ptr<EventLog> Open(const Options& options) = 0;

  // Makes everything that is stored older. No log may be open.
  virtual void Age(absl::Duration by) = 0;
};

// `kind` is "Sqlite" or "Postgresql".
std::unique_ptr<LogUnderTest> MakeLogUnderTest(const std::string& kind);

// A new database with the schema of events. Returns the DSN of the gateway's role.
std::string NewEventDatabase(ledger::PostgresqlServer& server);

// Opens a log on that database. The log need not accept events yet.
std::unique_ptr<EventLog> OpenPostgresql(const std::string& dsn, const Options& options);

}  // namespace gateway::events

#endif  // TESTS_SERVICE_EVENTS_LOG_UNDER_TEST_H_
