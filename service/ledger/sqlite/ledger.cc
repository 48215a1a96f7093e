#include "service/ledger/sqlite/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

// Up to so many answers are given by the writer's own thread, if its queue is empty. With more
// answers, operations that come meanwhile would have to wait for them.
constexpr size_t kFewAnswers = 2;

template <typename... Kinds>
bool IsOneOf(const Operation& operation) {
  return (std::holds_alternative<Kinds>(operation) || ...);
}

bool OnlyReads(const Operation& operation) {
  return IsOneOf<Finding, FindingKey, Listing, Waiting>(operation);
}

bool NeedsReopening(const absl::Status& error) {
  return !absl::IsResourceExhausted(error) && !absl::IsPermissionDenied(error);
}

absl::Status Unavailable(const absl::Status& error) {
  return absl::UnavailableError(absl::StrCat("the ledger cannot be written: ", error.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteLedger>> SqliteLedger::Open(SqliteOptions options) {
  auto retention = std::make_unique<RetentionClock>();
  absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open(options, *retention, /*first=*/true);
  if (!store.ok()) return store.status();
  return std::unique_ptr<SqliteLedger>(
      new SqliteLedger(std::move(options), std::move(retention), *std::move(store)));
}

SqliteLedger::SqliteLedger(SqliteOptions options, std::unique_ptr<RetentionClock> retention,
                           std::unique_ptr<SqliteStore> store)
    : options_(std::move(options)),
      retention_(std::move(retention)),
      store_(std::move(store)),
      retry_(options_.first_retry),
      next_tending_(SteadyTime::Now() + options_.common.tend_every) {
  Publish();
  thread_ = std::thread([this] { Run(); });
}

SqliteLedger::~SqliteLedger() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
  answers_.Finish();
}

LedgerStats SqliteLedger::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void SqliteLedger::Enqueue(Operation operation) {
  bool has_room;
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    // A result is never refused: there is at most one for each claim.
    has_room = !stopping_ && (queue_.size() < options_.common.max_queued ||
                              IsOneOf<Settling, CancellingWait>(operation));
    if (has_room) queue_.push_back(std::move(operation));
    // The writer is woken once. Operations that come before it runs need not wake it again.
    if (queue_.size() >= wake_at_) wake = std::exchange(wake_at_, SIZE_MAX) != SIZE_MAX;
  }
  if (wake) changed_.NotifyOne();
  if (has_room) return;
  Fail(absl::UnavailableError("the ledger ends, or too much waits for it"), operation);
  answers_.Give(std::move(operation));
}

void SqliteLedger::Run() {
  std::vector<Operation> batch;
  while (Next(batch)) {
    Work(batch);
    batch.clear();
  }
  if (!leftovers_.empty()) TryAgain();
  answers_.Give(answered_);
  std::vector<Operation> waits = waiters_.TakeAll(absl::CancelledError("the gateway ends"));
  answers_.Give(waits);
  store_.reset();
}

bool SqliteLedger::Next(std::vector<Operation>& batch) {
  const MutexLock lock(mutex_);
  const SteadyTime due = broken_ && !torn_ ? std::min(next_try_, next_tending_) : next_tending_;
  const absl::Duration pause = std::min(due - SteadyTime::Now(), absl::Hours(1));
  AwaitQueue(1, pause);
  if (!queue_.empty() && store_ != nullptr) {
    AwaitQueue(std::min(store_->under_way() / 2, options_.max_batch), options_.gather);
  }
  if (queue_.size() <= options_.max_batch) {
    batch.swap(queue_);
  } else {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.max_batch);
    batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
  }
  return !(stopping_ && batch.empty());
}

void SqliteLedger::AwaitQueue(size_t enough, absl::Duration patience) {
  if (stopping_ || queue_.size() >= enough) return;
  const SteadyTime until = SteadyTime::Now() + patience;
  wake_at_ = enough;
  while (!stopping_ && queue_.size() < enough && changed_.WaitUntil(mutex_, until)) {
  }
  wake_at_ = SIZE_MAX;
}

void SqliteLedger::Work(std::vector<Operation>& batch) {
  const SteadyTime now = SteadyTime::Now();
  if (now >= next_tending_) {
    next_tending_ = now + options_.common.tend_every;
    batch.emplace_back(Tending{});
  }
  if (broken_ && !torn_ && now >= next_try_) TryAgain();
  if (broken_)
    Refuse(batch);
  else
    Write(batch);
  CancelWaits(batch);
  // Publish first: a caller that gets its answer must find its effect in the numbers.
  Publish();
  if (answered_.size() <= kFewAnswers && IsIdle())
    answers_.GiveHere(answered_);
  else
    answers_.Give(answered_);
}

bool SqliteLedger::IsIdle() const {
  const MutexLock lock(mutex_);
  return queue_.empty();
}

void SqliteLedger::Answer(std::vector<Operation> operations) {
  std::move(operations.begin(), operations.end(), std::back_inserter(answered_));
}

void SqliteLedger::Write(std::vector<Operation>& batch) {
  if (batch.empty()) return;
  const absl::Status committed = store_->Commit(leftovers_, batch);
  if (committed.ok()) {
    leftovers_ = {};
    AnswerAll(batch);
    return;
  }
  ++failed_commits_;
  Broke(committed);
  TakeBack(committed, batch);
}

void SqliteLedger::Refuse(std::vector<Operation>& batch) {
  std::vector<Operation> reads;
  std::vector<Operation> writes;
  for (Operation& operation : batch) {
    const bool readable = OnlyReads(operation) && store_ != nullptr;
    (readable ? reads : writes).push_back(std::move(operation));
  }
  batch.clear();
  TakeBack(*broken_, writes);
  if (!reads.empty()) {
    Leftovers none;
    const absl::Status read = store_->Commit(none, reads);
    if (read.ok())
      AnswerAll(reads);
    else
      TakeBack(read, reads);
  }
  std::move(writes.begin(), writes.end(), std::back_inserter(batch));
}

// An entry may end in the commit in which somebody begins to wait for it, so the waits are noted
// first.
void SqliteLedger::AnswerAll(std::vector<Operation>& batch) {
  std::vector<Operation> cancels;
  for (Operation& operation : batch) {
    auto* const waiting = std::get_if<Waiting>(&operation);
    if (waiting != nullptr && waiting->result.ok() && waiting->result->state == State::kIntent) {
      waiters_.Add(std::move(*waiting));
    } else if (IsOneOf<CancellingWait>(operation)) {
      cancels.push_back(std::move(operation));
    } else {
      answered_.push_back(std::move(operation));
    }
  }
  for (const EntryId& ended : store_->TakeEnded()) {
    if (waiters_.Has(ended)) Answer(waiters_.TakeFor(ended, store_->Find(ended)));
  }
  batch = std::move(cancels);
}

void SqliteLedger::CancelWaits(std::vector<Operation>& batch) {
  for (Operation& operation : batch) {
    const auto* const cancelling = std::get_if<CancellingWait>(&operation);
    if (cancelling == nullptr) continue;
    Answer(waiters_.Take(cancelling->request.wait, absl::CancelledError("was cancelled")));
  }
}

void SqliteLedger::TakeBack(const absl::Status& error, std::vector<Operation>& batch) {
  std::vector<Operation> cancels;
  for (Operation& operation : batch) {
    if (IsOneOf<CancellingWait>(operation)) {
      cancels.push_back(std::move(operation));
      continue;
    }
    if (auto* const claiming = std::get_if<Claiming>(&operation)) {
      const absl::StatusOr<ClaimAnswer>& made = claiming->result;
      if (made.ok() && made->kind == ClaimAnswer::kClaimed) {
        leftovers_.abandoned.push_back({{made->entry.id, made->entry.attempt}, made->claim});
      }
    } else if (auto* const settling = std::get_if<Settling>(&operation)) {
      leftovers_.unwritten.push_back(settling->request);
    }
    Fail(Unavailable(error), operation);
    answered_.push_back(std::move(operation));
  }
  batch = std::move(cancels);
}

void SqliteLedger::Broke(const absl::Status& error) {
  if (!broken_) Tell("the ledger cannot be written", error.message());
  broken_ = error;
  torn_ = torn_ || absl::IsDataLoss(error);
  next_try_ = SteadyTime::Now() + retry_;
  retry_ = std::min(2 * retry_, options_.max_retry);
  if (store_ != nullptr && (torn_ || NeedsReopening(error))) {
    store_->Describe(earlier_);
    store_.reset();
  }
}

void SqliteLedger::TryAgain() {
  if (torn_) return;
  absl::Status status;
  if (store_ == nullptr) {
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(options_, *retention_, /*first=*/false);
    if (opened.ok()) store_ = *std::move(opened);
    status = opened.status();
  }
  if (status.ok()) status = store_->TryWrite(leftovers_);
  if (!status.ok()) return Broke(status);
  leftovers_ = {};
  if (broken_) Tell("the ledger is written again", "");
  broken_.reset();
  retry_ = options_.first_retry;
  // A commit that failed may be in the file nevertheless, and may have ended entries that callers
  // wait for. So every wait reads its entry anew.
  std::vector<Operation> waits = waiters_.TakeAll(absl::UnavailableError("not read yet"));
  Leftovers none;
  const absl::Status read = store_->Commit(none, waits);
  if (read.ok())
    AnswerAll(waits);
  else
    TakeBack(read, waits);
}

void SqliteLedger::Publish() {
  LedgerStats stats = earlier_;
  if (store_ != nullptr) store_->Describe(stats);
  stats.failed_commits = failed_commits_;
  stats.unwritten = leftovers_.unwritten.size();
  if (broken_) stats.unavailable = std::string(broken_->message());
  const MutexLock lock(mutex_);
  stats_ = std::move(stats);
}

void SqliteLedger::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.common.on_event) options_.common.on_event(event, reason);
}

}  // namespace gateway::ledger
