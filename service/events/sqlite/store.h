// An event log's SQLite file, opened, with what each subscription is owed: works on operations,
// many in one transaction. It waits for the disk; the thread that does is SqliteEventLog's.
//
//   BEGIN -> the operations -> events to the pulls that wait -> what subscriptions have done
//         -> COMMIT (synced where something was written) -> answers
//
// Thread-safety: none; one thread. Errors: of Open, why the file is refused. Of Commit, why nothing
// is certain to be durable: then every result of these operations is void, and so is what the store
// knows of its subscriptions, until Reload.
#ifndef SERVICE_EVENTS_SQLITE_STORE_H_
#define SERVICE_EVENTS_SQLITE_STORE_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/events/operation.h"
#include "service/events/options.h"
#include "service/events/sqlite/rows.h"
#include "service/ledger/sqlite/database.h"
#include "service/ledger/sqlite/schema.h"
#include "upstream/steady_time.h"

namespace gateway::events {

struct SqliteOptions {
  Options common;
  // In a folder of its own, 0700, that nobody else uses; the folder is made if its parent is there.
  std::string file;
  // Events are refused from this size on. What consumers say still finds room.
  int64_t max_bytes = int64_t{8} << 30;
  // Operations that one commit takes at most.
  size_t max_batch = 512;
  // How long the log waits before it tries again to write a file that could not be written.
  absl::Duration first_retry = absl::Milliseconds(100);
  absl::Duration max_retry = absl::Seconds(5);
  ledger::SqliteChecks checks = {};
  // SQLite's name for an operating system. For tests; null: the usual one.
  const char* vfs = nullptr;
};

// Pulls without events yet, by subscription, the oldest first.
using WaitingPulls = std::map<std::string, std::list<Pulling>>;

class SqliteStore {
 public:
  // `first`: this process has not had the file open before.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteOptions& options,
                                                           bool first);

  // A Pulling without events joins `waiting`. Pulls of `waiting` that have got some are moved to
  // the end of `operations`. `tend`: also remove what is too old.
  absl::Status Commit(bool tend, std::vector<Operation>& operations, WaitingPulls& waiting);
  // After a Commit that failed.
  absl::Status Reload();
  // Whether the file can be written, and synced.
  absl::Status TryWrite();

  // When a lease ends; until then nothing happens by itself.
  SteadyTime next_expiry() const;
  // Whether some of `waiting` could be given something now.
  bool CanServe(const WaitingPulls& waiting) const;

  const std::string& ack_secret() const { return ack_secret_; }
  void Describe(LogStats& stats) const;

 private:
  struct Subscribed {
    int64_t id;
    Deliveries deliveries;
    bool dead_letters_changed = true;
    uint64_t dead_letters = 0;
    int64_t oldest = 0;  // the first event that is not done, when it was looked for last
    std::optional<absl::Time> oldest_received = {};
  };

  SqliteStore(const SqliteOptions& options, ledger::SqliteDatabase database);

  template <typename Work>
  absl::Status Transact(Work work);
  absl::Status Load();
  void RollBack();
  absl::Status Measure();
  absl::Status MeasureSubscription(Subscribed& subscribed);
  absl::Status StoreChanges();

  // Each sets the operation's result; an error of the file itself also goes to failure_.
  void Do(Appending& appending);
  void Do(Pulling& pulling);
  void Do(CancellingPull&) {}
  void Do(Modifying& modifying);
  void Do(ListingDeadLetters& listing);
  void Do(Redelivering& redelivering);
  void Do(Seeking& seeking);

  absl::StatusOr<Appended> Append(const SealedEvent& event);
  absl::StatusOr<std::vector<Received>> HandOut(const PullRequest& request);
  absl::StatusOr<Effects> Redeliver(const RedeliverRequest& request);
  absl::StatusOr<int64_t> Seek(const SeekRequest& request);
  absl::StatusOr<int64_t> FirstReceivedFrom(absl::Time time);
  void Serve(WaitingPulls& waiting, std::vector<Operation>& operations);
  absl::Status Tend();
  // Null where there is none.
  Subscribed* Find(const std::string& name);

  absl::Time Now() const;
  // The wall clock, without a step forward that it has made since the file was opened: such a step
  // must not remove events early.
  absl::Time RetentionNow() const;
  void Pass(absl::string_view point) const;
  void Tell(absl::string_view event, absl::string_view reason) const;

  const SqliteOptions options_;
  const absl::Time opened_at_;
  const SteadyTime opened_;
  ledger::SqliteDatabase database_;
  Rows rows_;
  ledger::SqliteStatement begin_;
  ledger::SqliteStatement commit_;
  ledger::SqliteStatement page_count_;
  ledger::SqliteStatement free_pages_;

  std::string ack_secret_;
  std::map<std::string, Subscribed> subscriptions_;
  int64_t newest_ = 0;  // the number of the newest event
  // Of this transaction.
  bool must_store_ = false;  // somebody is answered on the ground of what subscriptions have done
  absl::Status failure_;

  int64_t used_bytes_ = 0;
  int64_t file_bytes_ = 0;
  LogStats counted_;  // what it has counted
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_STORE_H_
