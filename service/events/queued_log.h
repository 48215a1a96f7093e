// The part of an event log that all databases share: a queue of operations, one thread that works
// on them with group commit, and the pulls that wait. A commit takes everything that came while the
// last one was on its way to the disk.
//
// When the store cannot be written, everything is refused with the reason, pulls wait on, and the
// thread tries again by itself after a pause that grows; if need be with a store that it opens
// anew. A store whose rows cannot be believed (DATA_LOSS) ends the log until an operator has acted.
//
// Thread-safety, lifetime, errors: as EventLog. A database's log derives from it and adds how a
// store is opened; it has no state of its own that the thread would use.
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

  // `store`: null if the thread is to open the first one, too.
  QueuedLog(const Options& options, std::unique_ptr<Store> store, Opener open);

 private:
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

  // The thread's own.
  std::unique_ptr<Store> store_;  // null: it has to be opened
  WaitingPulls waiting_;
  std::vector<Callbacks::Call> answered_;
  std::optional<absl::Status> broken_;  // why it cannot be written
  bool torn_ = false;                   // and never will be
  absl::Duration retry_;
  SteadyTime next_try_;
  SteadyTime next_tending_;
  uint64_t failed_commits_ = 0;
  LogStats earlier_;  // what stores that were closed since have counted, and last knew

  Callbacks answers_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  LogStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_QUEUED_LOG_H_
