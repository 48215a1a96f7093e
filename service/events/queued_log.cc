#include "service/events/queued_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

bool NeedsReopening(const absl::Status& error) {
  return !absl::IsResourceExhausted(error) && !absl::IsPermissionDenied(error);
}

// Returns a callback that calls the operation's `done` with its result.
Callbacks::Call CallOf(Operation operation) {
  return [operation = std::move(operation)]() mutable {
    std::visit(
        [](auto& asked) {
          if (asked.done) asked.done(std::move(asked.result));
        },
        operation);
  };
}

absl::Status Unavailable(const absl::Status& error) {
  return absl::UnavailableError(absl::StrCat("the log cannot be written: ", error.message()));
}

}  // namespace

QueuedLog::QueuedLog(const Options& options, std::unique_ptr<Store> store, Opener open)
    : options_(options),
      open_(std::move(open)),
      store_(std::move(store)),
      retry_(options_.first_retry),
      next_tending_(SteadyTime::Now() + options_.tend_every) {
  if (store_ != nullptr) {
    LearnOfStore();
  } else {
    broken_ = absl::UnavailableError("the database was not reached yet");
  }
  Publish();
  thread_ = std::thread([this] { Run(); });
}

QueuedLog::~QueuedLog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
  answers_.Finish();
}

const std::string& QueuedLog::ack_secret() const {
  static const std::string& none = *new std::string();
  return knows_store_.load(std::memory_order_acquire) ? ack_secret_ : none;
}

absl::Time QueuedLog::facts_since() const {
  return knows_store_.load(std::memory_order_acquire) ? facts_since_ : absl::InfiniteFuture();
}

void QueuedLog::LearnOfStore() {
  if (knows_store_.load(std::memory_order_relaxed)) return;
  ack_secret_ = store_->ack_secret();
  facts_since_ = store_->facts_since();
  knows_store_.store(true, std::memory_order_release);
}

LogStats QueuedLog::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void QueuedLog::Append(SealedEvent event, Done<Appended> done) {
  Enqueue(Appending{std::move(event), std::move(done)});
}

PullId QueuedLog::Pull(PullRequest request, Done<std::vector<Received>> done) {
  const PullId id = next_pull_++;
  Enqueue(Pulling{{id, std::move(request)}, std::move(done)});
  return id;
}

void QueuedLog::CancelPull(PullId pull) { Enqueue(CancellingPull{pull, nullptr}); }

void QueuedLog::Modify(ModifyRequest request, Done<Effects> done) {
  Enqueue(Modifying{std::move(request), std::move(done)});
}

void QueuedLog::ListDeadLetters(DeadLettersRequest request, Done<std::vector<DeadLetter>> done) {
  Enqueue(ListingDeadLetters{std::move(request), std::move(done)});
}

void QueuedLog::Redeliver(RedeliverRequest request, Done<Effects> done) {
  Enqueue(Redelivering{std::move(request), std::move(done)});
}

void QueuedLog::Seek(SeekRequest request, Done<int64_t> done) {
  Enqueue(Seeking{std::move(request), std::move(done)});
}

void QueuedLog::Enqueue(Operation operation) {
  bool has_room;
  {
    const MutexLock lock(mutex_);
    has_room = !stopping_ && (queue_.size() < options_.max_queued ||
                              std::holds_alternative<CancellingPull>(operation));
    if (has_room) queue_.push_back(std::move(operation));
  }
  if (has_room) {
    changed_.NotifyOne();
    return;
  }
  Fail(absl::UnavailableError("the log ends, or too much waits for it"), operation);
  std::vector<Callbacks::Call> calls;
  calls.push_back(CallOf(std::move(operation)));
  answers_.Post(std::move(calls));
}

void QueuedLog::Answer(Operation operation) { answered_.push_back(CallOf(std::move(operation))); }

void QueuedLog::Run() {
  std::vector<Operation> batch;
  while (Next(batch)) {
    Work(batch);
    batch.clear();
  }
  // A last commit stores what did not have to be durable at once, such as tries. Pulls that wait
  // get no events any more.
  WaitingPulls nobody;
  if (!broken_) (void)store_->Commit(/*tend=*/true, batch, nobody);
  EndPulls(SteadyTime::InfiniteFuture());
  answers_.Post(std::exchange(answered_, {}));
  store_.reset();
}

SteadyTime QueuedLog::NextDue() const {
  SteadyTime due = SteadyTime::InfiniteFuture();
  for (const auto& [name, pulls] : waiting_) {
    for (const Pulling& pulling : pulls) due = std::min(due, pulling.request.pull.until);
  }
  if (broken_) return torn_ ? due : std::min(due, next_try_);
  return std::min({due, next_tending_, store_->NextLook(waiting_)});
}

bool QueuedLog::Next(std::vector<Operation>& batch) {
  const SteadyTime due = NextDue();
  const MutexLock lock(mutex_);
  while (!stopping_ && queue_.empty() && changed_.WaitUntil(mutex_, due)) {
  }
  const size_t size = std::min(queue_.size(), options_.max_batch);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(size);
  batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return !(stopping_ && batch.empty());
}

void QueuedLog::Work(std::vector<Operation>& batch) {
  if (options_.at_point) options_.at_point("turn");
  if (broken_ && !torn_ && SteadyTime::Now() >= next_try_) TryAgain();
  if (broken_)
    Refuse(batch);
  else
    Write(batch);
  EndPulls(SteadyTime::Now());
  // Publish first: a caller that gets its answer must find its effect in the numbers.
  Publish();
  answers_.Post(std::exchange(answered_, {}));
}

void QueuedLog::Write(std::vector<Operation>& batch) {
  const SteadyTime now = SteadyTime::Now();
  const bool tend = now >= next_tending_;
  if (tend) next_tending_ = now + options_.tend_every;
  const absl::Status committed = store_->Commit(tend, batch, waiting_);
  if (committed.ok()) return Sort(batch);
  ++failed_commits_;
  Broke(committed);
  Refuse(batch);
}

void QueuedLog::Sort(std::vector<Operation>& batch) {
  std::vector<PullId> cancelled;
  for (Operation& operation : batch) {
    auto* const pulling = std::get_if<Pulling>(&operation);
    const auto* const cancelling = std::get_if<CancellingPull>(&operation);
    if (cancelling != nullptr) {
      cancelled.push_back(cancelling->request);
    } else if (pulling != nullptr && pulling->result.ok() && pulling->result->empty()) {
      waiting_[pulling->request.pull.subscription].push_back(std::move(*pulling));
    } else {
      Answer(std::move(operation));
    }
  }
  for (const PullId pull : cancelled) Cancel(pull);
}

void QueuedLog::Refuse(std::vector<Operation>& batch) {
  for (Operation& operation : batch) {
    if (const auto* const cancelling = std::get_if<CancellingPull>(&operation)) {
      Cancel(cancelling->request);
    } else {
      Fail(Unavailable(*broken_), operation);
      Answer(std::move(operation));
    }
  }
}

void QueuedLog::Cancel(PullId pull) {
  for (auto& [name, pulls] : waiting_) {
    const auto found = std::find_if(pulls.begin(), pulls.end(), [&](const Pulling& pulling) {
      return pulling.request.id == pull;
    });
    if (found == pulls.end()) continue;
    found->result = std::vector<Received>();
    Answer(std::move(*found));
    pulls.erase(found);
    return;
  }
}

// Ends the pulls whose `until` has come.
void QueuedLog::EndPulls(SteadyTime now) {
  for (auto named = waiting_.begin(); named != waiting_.end();) {
    std::list<Pulling>& pulls = named->second;
    for (auto pulling = pulls.begin(); pulling != pulls.end();) {
      if (pulling->request.pull.until > now) {
        ++pulling;
        continue;
      }
      pulling->result = broken_ ? absl::StatusOr<std::vector<Received>>(Unavailable(*broken_))
                                : std::vector<Received>();
      Answer(std::move(*pulling));
      pulling = pulls.erase(pulling);
    }
    named = pulls.empty() ? waiting_.erase(named) : std::next(named);
  }
}

void QueuedLog::Broke(const absl::Status& error) {
  if (broken_ != error) Tell("the log cannot be written", error.message());
  broken_ = error;
  torn_ = torn_ || absl::IsDataLoss(error);
  next_try_ = SteadyTime::Now() + retry_;
  retry_ = std::min(2 * retry_, options_.max_retry);
  if (store_ != nullptr && (torn_ || NeedsReopening(error))) {
    earlier_.subscriptions.clear();
    store_->Describe(earlier_);
    store_.reset();
  }
}

void QueuedLog::TryAgain() {
  absl::Status status;
  if (store_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Store>> opened = open_();
    if (opened.ok()) store_ = *std::move(opened);
    status = opened.status();
  }
  if (status.ok()) status = store_->Recover();
  if (!status.ok()) return Broke(status);
  LearnOfStore();
  if (broken_) Tell("the log is written again", "");
  broken_.reset();
  retry_ = options_.first_retry;
}

void QueuedLog::Publish() {
  LogStats stats = earlier_;
  if (store_ != nullptr) store_->Describe(stats);
  stats.failed_commits = failed_commits_;
  if (broken_) stats.unavailable = std::string(broken_->message());
  const MutexLock lock(mutex_);
  stats_ = std::move(stats);
}

void QueuedLog::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.on_event) options_.on_event(event, reason);
}

}  // namespace gateway::events
