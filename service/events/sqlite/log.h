// A log of events in a SQLite file, for one gateway.
//
//   const absl::StatusOr<std::unique_ptr<SqliteEventLog>> log = SqliteEventLog::Open(
//       {.common = {.subscriptions = {{.name = "fulfilment"}}}, .file = "/var/lib/x/events.db"});
//
// The file is locked as long as the log exists: a second process is refused. After an error of the
// disk the log opens the file anew before it confirms anything.
//
// Thread-safety, lifetime, errors: as EventLog. Open waits for the disk, so call it at the start of
// the process. If it refuses a file, the error has the file's name and the reason.
#ifndef SERVICE_EVENTS_SQLITE_LOG_H_
#define SERVICE_EVENTS_SQLITE_LOG_H_

#include <memory>

#include "absl/status/statusor.h"
#include "service/events/queued_log.h"
#include "service/events/sqlite/store.h"
#include "service/ledger/retention_clock.h"

namespace gateway::events {

class SqliteEventLog final : public QueuedLog {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteEventLog>> Open(const SqliteOptions& options);

 private:
  SqliteEventLog(const SqliteOptions& options, std::shared_ptr<ledger::RetentionClock> retention,
                 std::unique_ptr<SqliteStore> store);
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_LOG_H_
