#include "upstream/http/dispatcher.h"

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

namespace gateway::http {
namespace {

// Each connection that is being made blocks a thread.
constexpr int kMaxConnectorThreads = 64;

Error NotSent(Error::Kind kind, absl::string_view message) {
  return Error{.kind = kind, .sent = false, .message = std::string(message)};
}

Error EndedAtOnce() {
  return NotSent(Error::Kind::kBroken,
                 "the upstream ended a new connection before anything was sent");
}

}  // namespace

Dispatcher::Dispatcher(const Options& options, std::unique_ptr<Connector> connector, Poller& poller,
                       ThreadMaker make_thread)
    : capacity_(static_cast<size_t>(options.max_connections) +
                static_cast<size_t>(options.max_queued)),
      connector_(std::move(connector)),
      poller_(poller),
      pool_(options),
      connector_threads_(
          std::min(options.max_connections, kMaxConnectorThreads),
          [this] { return MakeConnection(); }, std::move(make_thread)) {}

void Dispatcher::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    WakeIfAsleep();
  }
  connector_->Stop();
  connector_threads_.Stop();
}

// ---- Calls: any thread ----

void Dispatcher::Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done) {
  const SteadyTime deadline = request->deadline;
  auto call = std::make_shared<OpenCall>(id, std::move(request), deadline, std::move(done));
  ConnectionPtr connection;
  bool wanted = false;
  {
    const MutexLock lock(mutex_);
    if (std::optional<Error> refusal = ReasonToRefuse(*call)) {
      return Post({std::move(call->done), *std::move(refusal)});
    }
    AddCall(call);
    connection = AssignIdle(call);
    if (connection == nullptr) {
      pool_.Enqueue(call);
      wanted = WantsConnection();
    }
  }
  // From now on, any thread that finds a connection for a queued call sends that call.
  if (connection != nullptr) Begin(call, std::move(connection));
  if (wanted) WakeConnector();
}

std::optional<Error> Dispatcher::ReasonToRefuse(const OpenCall& call) const {
  if (call.deadline <= SteadyTime::Now()) {
    return NotSent(Error::Kind::kDeadline, "the deadline passed");
  }
  if (static_cast<size_t>(open()) < capacity_) return std::nullopt;
  return NotSent(Error::Kind::kOverloaded, "too many calls are waiting");
}

// Sends the call on the connection. As long as nothing of it was sent, tries other connections.
void Dispatcher::Begin(const CallPtr& call, ConnectionPtr connection, bool fresh) {
  bool wanted = false;
  while (connection != nullptr) {
    const Connection::Begun begun = connection->Begin(call->id, call->request);
    if (begun == Connection::Begun::kYes || begun == Connection::Begun::kNeedsAttention) {
      requests_started_.fetch_add(1, std::memory_order_relaxed);
    }
    if (begun == Connection::Begun::kYes) return;
    const MutexLock lock(mutex_);
    if (begun == Connection::Begun::kNeedsAttention) {
      agenda_.need_attention.push_back(std::move(connection));
      return WakeIfAsleep();
    }
    connection = AfterUnusable(call, connection, begun, std::exchange(fresh, false));
    wanted = connection == nullptr && WantsConnection();
  }
  if (wanted) WakeConnector();
}

// Returns another connection for the call. Null if the call is over, waits for a connection, or has
// expired: TakeAgenda ends it then. A call whose new connection is unusable fails: an upstream that
// accepts connections and drops them is not tried for ever.
Dispatcher::ConnectionPtr Dispatcher::AfterUnusable(const CallPtr& call,
                                                    const ConnectionPtr& unusable,
                                                    Connection::Begun begun, bool fresh) {
  LetGoLocked(unusable);
  if (calls_.Find(call->id) == nullptr) return nullptr;
  call->connection = nullptr;
  if (begun == Connection::Begun::kExpired) {
    WakeIfAsleep();  // to end the call, and to close the connection
    return nullptr;
  }
  if (fresh) {
    Finish(call, EndedAtOnce());
    return nullptr;
  }
  if (begun == Connection::Begun::kUnusable) ++counts_.connections_ended_idle;
  ConnectionPtr connection = AssignIdle(call);
  if (connection == nullptr) pool_.EnqueueFirst(call);
  return connection;
}

// Gives the call an idle connection and returns it. The caller must then Begin the call on it.
// Returns null if no connection is idle.
Dispatcher::ConnectionPtr Dispatcher::AssignIdle(const CallPtr& call) {
  const size_t before = agenda_.to_close.size();
  call->connection = pool_.Take(SteadyTime::Now(), agenda_.to_close);
  if (agenda_.to_close.size() > before) WakeIfAsleep();
  return call->connection;
}

void Dispatcher::Refuse(Transport::Done done, Error error) {
  const MutexLock lock(mutex_);
  Post({std::move(done), std::move(error)});
}

void Dispatcher::Wait(CallId id, SteadyTime until, Transport::Done done) {
  auto call = std::make_shared<OpenCall>(id, nullptr, until, std::move(done));
  const MutexLock lock(mutex_);
  AddCall(call);
}

void Dispatcher::Cancel(CallId id) {
  const MutexLock lock(mutex_);
  cancelled_.push_back(id);
  WakeIfAsleep();
}

void Dispatcher::AddCall(const CallPtr& call) {
  calls_.Add(call);
  // While the machine is suspended, SteadyTime runs on and the sleep of the event thread does not.
  // So a wake-up that is overdue may still be far away.
  if (call->deadline < planned_wake_ || planned_wake_ <= SteadyTime::Now()) WakeIfAsleep();
}

void Dispatcher::Finish(const CallPtr& call, Error error) {
  calls_.Take(call->id);
  pool_.Dequeue(*call);
  Post({std::move(call->done), std::move(error)});
}

void Dispatcher::Post(Over over) {
  agenda_.over.push_back(std::move(over));
  WakeIfAsleep();
}

void Dispatcher::WakeIfAsleep() {
  if (std::exchange(asleep_, false)) poller_.Wake();
}

// Removes the connection from the pool. The object stays until no event of this turn can name it.
void Dispatcher::LetGoLocked(const ConnectionPtr& connection) {
  pool_.Drop(connection);
  agenda_.to_close.push_back(connection);
}

// ---- New connections: connector threads ----

// Has a connection made. If no thread can make it, each call that needs one fails, as it does if
// connecting fails.
void Dispatcher::WakeConnector() {
  bool wanted = true;
  while (wanted && !connector_threads_.Wake()) {
    const MutexLock lock(mutex_);
    if (const CallPtr call = pool_.NextAttempt()) {
      FailAttempt(*call, NotSent(Error::Kind::kOverloaded, "no thread can be started to connect"));
    }
    wanted = WantsConnection();
  }
}

// Returns false if no call waits for a connection.
bool Dispatcher::MakeConnection() {
  CallPtr call;
  bool more;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return false;
    call = pool_.NextAttempt();
    more = pool_.WantsAttempt();
  }
  if (call == nullptr) return false;
  if (more) WakeConnector();
  Connector::Made made = connector_->Connect();
  if (auto* const connection = std::get_if<ConnectionPtr>(&made)) {
    if (poller_.Add((*connection)->fd(), connection->get()).ok()) {
      OnConnected(*call, std::move(*connection));
      return true;
    }
    made = NotSent(Error::Kind::kOverloaded, "the system watches no more connections");
  }
  const MutexLock lock(mutex_);
  FailAttempt(*call, std::get<Error>(std::move(made)));
  return true;
}

// `call` is the call for which the connection was made. The event thread watches the connection
// already. If it has closed the connection by now, the attempt has failed.
void Dispatcher::OnConnected(const OpenCall& call, ConnectionPtr connection) {
  CallPtr next;
  {
    const MutexLock lock(mutex_);
    ++counts_.connections_created;
    if (connection->is_closed()) {
      LetGoLocked(connection);
      return FailAttempt(call, EndedAtOnce());
    }
    pool_.AttemptMade(connection);
    next = pool_.Offer(connection, SteadyTime::Now(), pool_.ServesUntil(*connection));
  }
  if (next != nullptr) Begin(next, std::move(connection), /*fresh=*/true);
}

// Ends the call for which the connection was to be made, unless the call has got another
// connection.
void Dispatcher::FailAttempt(const OpenCall& call, Error error) {
  const CallPtr failed = calls_.Find(call.id);
  if (failed != nullptr && failed->connection == nullptr) Finish(failed, std::move(error));
  pool_.AttemptFailed();
}

// ---- The event thread ----

Dispatcher::Agenda Dispatcher::TakeAgenda() {
  const MutexLock lock(mutex_);
  const SteadyTime now = SteadyTime::Now();
  TakeEarly(now);
  pool_.TakeExpired(stopping_ ? SteadyTime::InfiniteFuture() : now, agenda_.to_close);
  Agenda agenda = std::exchange(agenda_, {});
  agenda.stopping = stopping_;
  asleep_ = agenda.empty() && !stopping_;
  if (asleep_) agenda.sleep_milliseconds = PlanSleep(now);
  return agenda;
}

// Takes out of the table the calls that were cancelled, the calls whose deadline has passed and,
// after Stop, all calls.
void Dispatcher::TakeEarly(SteadyTime now) {
  for (const CallId id : std::exchange(cancelled_, {})) {
    AddEarly(calls_.Take(id), Error::Kind::kCancelled);
  }
  while (AddEarly(calls_.TakeExpired(now), Error::Kind::kDeadline)) {
  }
  while (stopping_ && AddEarly(calls_.TakeAny(), Error::Kind::kShutdown)) {
  }
}

bool Dispatcher::AddEarly(CallPtr call, Error::Kind kind) {
  if (call == nullptr) return false;
  pool_.Dequeue(*call);
  agenda_.early.push_back({std::move(call), kind});
  return true;
}

int Dispatcher::PlanSleep(SteadyTime now) {
  const SteadyTime next = std::min(pool_.next_expiry(), calls_.next_deadline());
  // A planned wake-up stays planned even if its reason is gone. So later calls, whose deadlines are
  // later too, need not wake this thread to plan a wake-up.
  if (planned_wake_ <= now || next < planned_wake_) planned_wake_ = next;
  if (planned_wake_ == SteadyTime::InfiniteFuture()) return -1;
  const int64_t left = absl::ToInt64Milliseconds(planned_wake_ - now) + 1;
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
}

Dispatcher::CallPtr Dispatcher::Free(ConnectionPtr connection, const Connection::Ended& ended) {
  CallPtr call, next;
  bool wanted = false;
  {
    const MutexLock lock(mutex_);
    call = calls_.Take(ended.call);
    if (call != nullptr) ++counts_.requests_finished;
    if (ended.reused) ++counts_.connections_reused;
    if (ended.unasked) ++counts_.connections_ended_idle;
    const SteadyTime now = SteadyTime::Now();
    const SteadyTime until = pool_.ServesUntil(*connection, ended.keep_until);
    if (ended.keep && until > now) {
      next = pool_.Offer(connection, now, until);
    } else {
      if (ended.call == 0) pool_.RemoveIdle(connection);
      LetGoLocked(connection);
      wanted = WantsConnection();
    }
  }
  if (next != nullptr) Begin(next, std::move(connection));
  if (wanted) WakeConnector();
  return call;
}

void Dispatcher::LetGo(const ConnectionPtr& connection, bool begun) {
  bool wanted;
  {
    const MutexLock lock(mutex_);
    LetGoLocked(connection);
    if (begun) ++counts_.requests_finished;
    wanted = WantsConnection();
  }
  if (wanted) WakeConnector();
}

size_t Dispatcher::LetGoSilentSince(SteadyTime moment, bool silence) {
  const MutexLock lock(mutex_);
  const size_t closed = pool_.TakeSilentSince(moment, agenda_.to_close);
  if (silence) ++counts_.silences;
  counts_.connections_closed_for_silence += static_cast<int64_t>(closed);
  return closed;
}

Stats Dispatcher::Snapshot() const {
  const MutexLock lock(mutex_);
  Stats stats = counts_;
  stats.requests_started = requests_started_.load(std::memory_order_relaxed);
  stats.open = open();
  pool_.Describe(stats);
  stats.in_flight = stats.open - stats.queued;
  return stats;
}

}  // namespace gateway::http
