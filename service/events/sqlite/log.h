// A log of events in a SQLite file, for one gateway. One thread writes, with group commit: a commit
// takes everything that came while the last one was on its way to the disk.
//
//   const absl::StatusOr<std::unique_ptr<SqliteEventLog>> log = SqliteEventLog::Open(
//       {.common = {.subscriptions = {{.name = "fulfilment"}}}, .file = "/var/lib/x/events.db"});
//
// The file is locked from Open to the end: a second process is refused. When the file cannot be
// written (full, read-only, an error of the disk), everything is refused with the reason, pulls
// wait on, and the log tries again by itself after a pause. After an error of the disk it opens the
// file anew first. A file that is torn ends it until an operator has acted.
//
// Thread-safety, lifetime, errors: as EventLog. Open waits for the disk, so it is for the start of
// the process. It says, with the file's name, why a file is refused.
#ifndef SERVICE_EVENTS_SQLITE_LOG_H_
#define SERVICE_EVENTS_SQLITE_LOG_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/events/callbacks.h"
#include "service/events/event_log.h"
#include "service/events/operation.h"
#include "service/events/sqlite/store.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class SqliteEventLog final : public EventLog {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteEventLog>> Open(SqliteOptions options);
  ~SqliteEventLog() override;
  SqliteEventLog(const SqliteEventLog&) = delete;
  SqliteEventLog& operator=(const SqliteEventLog&) = delete;

  void Append(SealedEvent event, Done<Appended> done) override;
  PullId Pull(PullRequest request, Done<std::vector<Received>> done) override;
  void CancelPull(PullId pull) override;
  void Modify(ModifyRequest request, Done<Effects> done) override;
  void ListDeadLetters(DeadLettersRequest request, Done<std::vector<DeadLetter>> done) override;
  void Redeliver(RedeliverRequest request, Done<Effects> done) override;
  void Seek(SeekRequest request, Done<int64_t> done) override;
  const std::string& ack_secret() const override { return ack_secret_; }
  LogStats stats() const override;

 private:
  SqliteEventLog(SqliteOptions options, std::unique_ptr<SqliteStore> store);

  void Enqueue(Operation operation);

  void Run();
  // The next operations, after some have come or something is due. Whether to go on.
  bool Next(std::vector<Operation>& batch);
  SteadyTime NextDue() const;
  void Work(std::vector<Operation>& batch);
  void Write(std::vector<Operation>& batch);
  void Refuse(std::vector<Operation>& batch);
  // Pulls that found nothing wait; the others are answered.
  void Sort(std::vector<Operation>& batch);
  void Cancel(PullId pull);
  void EndPulls(SteadyTime now);
  void Broke(const absl::Status& error);
  void TryAgain();
  void Publish();
  void Tell(absl::string_view event, absl::string_view reason) const;
  void Answer(Operation operation);

  const SqliteOptions options_;
  const std::string ack_secret_;
  std::atomic<PullId> next_pull_{1};

  // The writer thread's own.
  std::unique_ptr<SqliteStore> store_;  // null: the file has to be opened again
  WaitingPulls waiting_;
  std::vector<Callbacks::Call> answered_;
  std::optional<absl::Status> broken_;  // why the file cannot be written
  bool torn_ = false;                   // and never will be
  absl::Duration retry_;
  SteadyTime next_try_;
  SteadyTime next_tending_;
  uint64_t failed_commits_ = 0;
  LogStats earlier_;  // what stores that were closed since have counted, and last knew

  Callbacks answers_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Operation> queue_;
  bool stopping_ = false;
  LogStats stats_;

  std::thread thread_;  // last
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_LOG_H_
