// An open SQLite file with an event log; the deliveries of each subscription are in memory. Its
// functions wait for the disk, so QueuedLog calls them on a thread of its own.
//
// Thread-safety, errors: as Store. Errors of Open: why the file is refused.
#ifndef SERVICE_EVENTS_SQLITE_STORE_H_
#define SERVICE_EVENTS_SQLITE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/events/operation.h"
#include "service/events/operations.h"
#include "service/events/options.h"
#include "service/events/sqlite/rows.h"
#include "service/events/store.h"
#include "service/ledger/retention_clock.h"
#include "service/ledger/sqlite/database.h"
#include "service/ledger/sqlite/schema.h"
#include "upstream/steady_time.h"

namespace gateway::events {

struct SqliteOptions {
  Options common;
  // In a folder of its own (mode 0700) that nobody else uses. The folder is made if its parent
  // exists.
  std::string file;
  // From this size on, events are refused. Acknowledgements still have room.
  int64_t max_bytes = int64_t{8} << 30;
  ledger::SqliteChecks checks = {};
  // The name of an SQLite VFS, for tests. Null: the default VFS.
  const char* vfs = nullptr;
};

class SqliteStore final : public Store {
 public:
  // `first`: this process has not had the file open before. `retention` must outlive the store.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteOptions& options,
                                                           ledger::RetentionClock& retention,
                                                           bool first);

  const std::string& ack_secret() const override { return ack_secret_; }
  absl::Time facts_since() const override { return facts_since_; }
  absl::Status Commit(bool tend, std::vector<Operation>& operations,
                      WaitingPulls& waiting) override;
  absl::Status Recover() override;
  SteadyTime NextLook(const WaitingPulls& waiting) const override;
  void Describe(LogStats& stats) const override;

 private:
  SqliteStore(const SqliteOptions& options, ledger::RetentionClock& retention,
              ledger::SqliteDatabase database);

  template <typename Work>
  absl::Status Transact(Work work);
  // Reads the subscriptions anew from the file.
  absl::Status Reload();
  absl::Status Load();
  void RollBack();
  absl::Status Measure();
  absl::Status Tend();

  absl::Time Now() const;
  void Pass(absl::string_view point) const;

  const SqliteOptions options_;
  ledger::RetentionClock& retention_;
  ledger::SqliteDatabase database_;
  SqliteRows rows_;
  ledger::SqliteStatement begin_;
  ledger::SqliteStatement commit_;

  std::string ack_secret_;
  absl::Time facts_since_;
  Operations operations_;
  uint64_t commits_ = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_STORE_H_
