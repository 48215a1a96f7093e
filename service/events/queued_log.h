// The part of an event log that all databases share: a queue of operations, one thread that works
// on them with group commit, and the pulls that wait. A commit takes the operations that came while
// the commit before was on its way to the disk, at most Options::max_batch.
//
// While the store cannot be written, new operations are refused with the reason, and pulls that
// wait go on waiting. The thread tries again by itself after a pause that grows, with a new store
// if necessary. After DATA_LOSS (the stored data is damaged) it does not try again: all operations
// are refused until an operator has acted and the process was restarted.
//
// Thread-safety, lifetime, errors: as EventLog. The log of each database derives from QueuedLog,
// and adds only how a store is opened. It must have no members that the thread uses.
#ifndef SERVICE_EVENTS_QUEUED_LOG_H_
#define SERVICE_EVENTS_QUEUED_LOG_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/events/callbacks.h"
#include "service/events/event_log.h"
#include "service/events/operation.h"
#include "service/events/options.h"
#include "service/events/store.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class QueuedLog : public EventLog {
 public:
  ~QueuedLog() override;
  QueuedLog(const QueuedLog&) = delete;
  QueuedLog& operator=(const QueuedLog&) = delete;

  void Append(SealedEvent event, Done<Appended> done) final;
  PullId Pull(PullRequest request, Done<std::vector<Received>> done) final;
  void CancelPull(PullId pull) final;
  void Modify(ModifyRequest request, Done<Effects> done) final;
  void ListDeadLetters(DeadLettersRequest request, Done<std::vector<DeadLetter>> done) final;
  void Redeliver(RedeliverRequest request, Done<Effects> done) final;
  void Seek(SeekRequest request, Done<int64_t> done) final;
  const std::string& ack_secret() const final;
  absl::Time facts_since() const final;
  LogStats stats() const final;

 protected:
  // Opens a store; it may wait for the database.
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Store>>()>;

  // `store`: if it is null, the thread opens the first store too.
  QueuedLog(const Options& options, std::unique_ptr<Store> store, Opener open);

 private:
  void Enqueue(Operation operation);

  void Run();
  // Waits until operations have come or something is due, and moves the operations to `batch`.
  // Returns false if the log ends and no operation is left.
  bool Next(std::vector<Operation>& batch);
  SteadyTime NextDue() const;
  void Work(std::vector<Operation>& batch);
  void Write(std::vector<Operation>& batch);
  void Refuse(std::vector<Operation>& batch);
  // Pulls that found no events wait; all other operations are answered.
  void Sort(std::vector<Operation>& batch);
  void Cancel(PullId pull);
  void EndPulls(SteadyTime now);
  void Broke(const absl::Status& error);
  void TryAgain();
  void LearnOfStore();
  void Publish();
  void Tell(absl::string_view event, absl::string_view reason) const;
  void Answer(Operation operation);

  const Options options_;
  const Opener open_;
  std::atomic<PullId> next_pull_{1};

  // Written once, before `knows_store_` is set.
  std::string ack_secret_;
  absl::Time facts_since_;
  std::atomic<bool> knows_store_{false};

  // Used by thread_ only.
  std::unique_ptr<Store> store_;  // null: it has to be opened
  WaitingPulls waiting_;
  std::vector<Callbacks::Call> answered_;
  std::optional<absl::Status> broken_;  // why the store cannot be written; empty: it can
  bool torn_ = false;                   // after DATA_LOSS: there is no further try
  absl::Duration retry_;
  SteadyTime next_try_;
  SteadyTime next_tending_;
  uint64_t failed_commits_ = 0;
  LogStats earlier_;  // the counters, and the last known values, of stores that were closed

  Callbacks answers_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  LogStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_QUEUED_LOG_H_
