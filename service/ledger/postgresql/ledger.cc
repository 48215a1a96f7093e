#include "service/ledger/postgresql/ledger.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

constexpr absl::Duration kNumbersEvery = absl::Seconds(15);

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresqlLedger>> PostgresqlLedger::Create(
    PostgresqlOptions options) {
  absl::StatusOr<PostgresqlParameters> parameters =
      PostgresqlParameters::Parse(options.dsn, LedgerTables().schema, options.statement_timeout);
  if (!parameters.ok()) return parameters.status();
  const int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) return absl::UnavailableError("no descriptor is left");
  options.dsn.clear();  // it may hold a password
  return std::unique_ptr<PostgresqlLedger>(
      new PostgresqlLedger(std::move(options), *std::move(parameters), wake_fd));
}

PostgresqlLedger::PostgresqlLedger(PostgresqlOptions options, PostgresqlParameters parameters,
                                   int wake_fd)
    : options_(std::move(options)),
      parameters_(std::move(parameters)),
      wake_fd_(wake_fd),
      slots_(std::max<size_t>(options_.connections, 1)),
      next_leftovers_(SteadyTime::Now()),
      leftovers_pause_(options_.first_retry),
      next_tending_(SteadyTime::Now() + options_.common.tend_every),
      next_numbers_(SteadyTime::Now()) {
  for (Slot& slot : slots_) {
    slot.next_try = SteadyTime::Now();
    slot.pause = options_.first_retry;
  }
  Publish();
  thread_ = std::thread([this] { Run(); });
}

PostgresqlLedger::~PostgresqlLedger() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  answers_.Finish();
  close(wake_fd_);
}

LedgerStats PostgresqlLedger::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void PostgresqlLedger::Enqueue(Operation operation) {
  const bool is_result = std::holds_alternative<Settling>(operation) ||
                         std::holds_alternative<CancellingWait>(operation);
  bool has_room;
  {
    const MutexLock lock(mutex_);
    has_room = !stopping_ && (queue_.size() < options_.common.max_queued || is_result);
    if (has_room) queue_.push_back(std::move(operation));
  }
  if (has_room) return Wake();
  Fail(absl::UnavailableError("the ledger ends, or too much waits for it"), operation);
  answers_.Give(std::move(operation));
}

void PostgresqlLedger::Wake() const {
  const uint64_t one = 1;
  (void)!write(wake_fd_, &one, sizeof(one));
}

void PostgresqlLedger::Run() {
  std::vector<Operation> batch;
  while (Next(batch) || BeginsLastWrites()) {
    KeepConnections();
    for (Operation& operation : batch) {
      ++active_;
      std::visit(
          [this](auto& asked) {
            using Kind = std::decay_t<decltype(asked)>;
            Begin(std::make_shared<Kind>(std::move(asked)));
          },
          operation);
    }
    batch.clear();
    KeepTime();
    // Publish first: a caller that gets its answer must find its effect in the numbers.
    Publish();
    answers_.Give(answered_);
    Poll();
  }
  slots_.clear();  // callbacks that are still pending get UNAVAILABLE
  answers_.Give(answered_);
  std::vector<Operation> waits = waiters_.TakeAll(absl::CancelledError("the gateway ends"));
  answers_.Give(waits);
}

// Returns false if the ledger ends and nothing is under way. Operations that have begun always end:
// if an answer does not come, the connection dies.
bool PostgresqlLedger::Next(std::vector<Operation>& batch) {
  const MutexLock lock(mutex_);
  batch.swap(queue_);
  return !(stopping_ && batch.empty() && active_ == 0 && answered_.empty());
}

void PostgresqlLedger::Poll() {
  std::vector<pollfd> polled = {{wake_fd_, POLLIN, 0}};
  std::vector<PostgresqlConnection*> connections;
  for (const Slot& slot : slots_) {
    if (slot.connection == nullptr || slot.connection->dead()) continue;
    polled.push_back({slot.connection->fd(), slot.connection->events(), 0});
    connections.push_back(slot.connection.get());
  }
  const absl::Duration pause =
      std::clamp(NextMoment() - SteadyTime::Now(), absl::ZeroDuration(), absl::Seconds(60));
  poll(polled.data(), polled.size(),
       static_cast<int>(absl::ToInt64Milliseconds(pause + absl::Microseconds(999))));
  if (polled[0].revents != 0) {
    uint64_t count;
    (void)!read(wake_fd_, &count, sizeof(count));
  }
  const SteadyTime now = SteadyTime::Now();
  for (size_t i = 0; i < connections.size(); ++i) {
    if (polled[i + 1].revents != 0 || now >= connections[i]->patience_ends()) {
      connections[i]->Work();
    }
  }
}

SteadyTime PostgresqlLedger::NextMoment() const {
  SteadyTime next = std::min(next_tending_, next_numbers_);
  const bool has_leftovers = !abandoned_.empty() || !unwritten_.empty();
  if (reachable_ && !ending_ && has_leftovers) next = std::min(next, next_leftovers_);
  if (!waiters_.empty() && !polling_) next = std::min(next, next_poll_);
  for (const Slot& slot : slots_) {
    const bool connected = slot.connection != nullptr && !slot.connection->dead();
    next = std::min(next, connected ? slot.connection->patience_ends() : slot.next_try);
  }
  return next;
}

void PostgresqlLedger::KeepConnections() {
  const SteadyTime now = SteadyTime::Now();
  bool ready = false;
  for (Slot& slot : slots_) {
    if (slot.connection != nullptr && slot.connection->dead()) {
      reason_ = slot.connection->reason();
      slot.connection.reset();
      slot.was_ready = false;
      slot.next_try = now + slot.pause;
      slot.pause = std::min(2 * slot.pause, options_.max_retry);
    }
    if (slot.connection == nullptr && now >= slot.next_try) {
      slot.connection = std::make_unique<PostgresqlConnection>(
          parameters_, LedgerTables(), options_.statement_timeout + absl::Seconds(2));
    }
    if (slot.connection == nullptr || !slot.connection->ready()) continue;
    ready = true;
    slot.pause = options_.first_retry;
    if (std::exchange(slot.was_ready, true)) continue;
    const std::string& warning = slot.connection->warning();
    if (!warning.empty() && warning != warned_) Tell("the database's settings", warning);
    warned_ = warning;
  }
  if (ready && !reachable_) {
    Tell("the ledger is written again", "");
    next_leftovers_ = now;
    leftovers_pause_ = options_.first_retry;
  }
  if (!ready && reachable_) Tell("the ledger cannot be written", reason_);
  reachable_ = ready;
  if (ready && !ending_ && now >= next_leftovers_) WriteLeftovers();
}

// The database may answer and refuse writes, for example to a role that lost its rights.
void PostgresqlLedger::PutOffLeftovers() {
  const SteadyTime now = SteadyTime::Now();
  if (now < next_leftovers_) return;  // by another one of the same time
  next_leftovers_ = now + leftovers_pause_;
  leftovers_pause_ = std::min(2 * leftovers_pause_, options_.max_retry);
}

// Everything that was asked is done. Returns whether leftovers are being written.
bool PostgresqlLedger::BeginsLastWrites() {
  if (std::exchange(ending_, true) || !reachable_) return false;
  WriteLeftovers();
  return active_ > 0;
}

void PostgresqlLedger::WriteLeftovers() {
  for (const Abandoned& abandoned : std::exchange(abandoned_, {})) TakeBack(abandoned);
  for (SettleRequest& request : std::exchange(unwritten_, {})) {
    ++active_;
    Begin(std::make_shared<Settling>(Settling{std::move(request), nullptr}));
  }
}

void PostgresqlLedger::KeepTime() {
  const SteadyTime now = SteadyTime::Now();
  if (now >= next_tending_) {
    next_tending_ = now + std::min(options_.common.tend_every, absl::Hours(1));
    ++active_;
    Begin(std::make_shared<Tending>());
  }
  if (now >= next_numbers_) {
    next_numbers_ = now + kNumbersEvery;
    ReadNumbers();
  }
  if (!waiters_.empty() && !polling_ && now >= next_poll_) PollWaits();
}

void PostgresqlLedger::PollWaits() {
  std::string ids;
  for (const EntryId& id : waiters_.ids()) ids += id.bytes();
  polling_ = true;
  Send(Query::kEndedAmong, {ids}, [this](const Result& result) {
    polling_ = false;
    next_poll_ = SteadyTime::Now() + options_.wait_poll;
    if (!result.ok()) return;
    for (const std::vector<Cell>& cells : result->rows) {
      const absl::StatusOr<Row> row = RowFromCells(cells);
      if (!row.ok()) continue;
      std::vector<Operation> heard =
          waiters_.TakeFor(row->entry.id, OpenEntry(*options_.common.cipher, *row));
      std::move(heard.begin(), heard.end(), std::back_inserter(answered_));
    }
  });
}

void PostgresqlLedger::ReadNumbers() {
  Send(Query::kCountOpen, {}, [this](const Result& result) {
    if (!result.ok()) return;
    numbers_.entries[State::kIntent] = 0;
    numbers_.entries[State::kUnknown] = 0;
    numbers_.oldest_unknown.reset();
    for (const std::vector<Cell>& cells : result->rows) {
      const auto state = static_cast<State>(std::get<int64_t>(cells[0]));
      numbers_.entries[state] = std::get<int64_t>(cells[1]);
      if (state != State::kUnknown) continue;
      numbers_.oldest_unknown = FromMicros(std::get<int64_t>(cells[2]));
    }
  });
  Send(Query::kSize, {}, [this](const Result& result) {
    if (!result.ok() || result->rows.empty()) return;
    const int64_t open = numbers_.entries[State::kIntent] + numbers_.entries[State::kUnknown];
    const int64_t all = std::get<int64_t>(result->rows[0][0]);
    numbers_.entries[State::kDone] = std::max<int64_t>(all - open, 0);
    numbers_.bytes = static_cast<uint64_t>(std::get<int64_t>(result->rows[0][1]));
  });
}

void PostgresqlLedger::Publish() {
  LedgerStats stats = numbers_;
  stats.unwritten = unwritten_.size();
  if (!reachable_) stats.unavailable = reason_;
  const MutexLock lock(mutex_);
  stats_ = std::move(stats);
}

// Returns the ready connection with the fewest pending statements, in turn if there are several;
// null if none is ready.
PostgresqlConnection* PostgresqlLedger::Pick() {
  PostgresqlConnection* best = nullptr;
  for (size_t i = 0; i < slots_.size(); ++i) {
    PostgresqlConnection* const one = slots_[(next_slot_ + i) % slots_.size()].connection.get();
    if (one == nullptr || !one->ready()) continue;
    if (best == nullptr || one->pending() < best->pending()) best = one;
  }
  ++next_slot_;
  return best;
}

void PostgresqlLedger::Send(Query query, absl::Span<const Value> values,
                            PostgresqlConnection::Callback callback) {
  PostgresqlConnection* const connection = Pick();
  if (connection != nullptr) {
    return connection->Send(static_cast<size_t>(query), values, std::move(callback));
  }
  callback(absl::UnavailableError(absl::StrCat("the ledger cannot be reached: ", reason_)));
}

void PostgresqlLedger::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.common.on_event) options_.common.on_event(event, reason);
}

}  // namespace gateway::ledger
