#include "upstream/http/reactor.h"

#include <algorithm>
#include <limits>

#include "upstream/http/block_signals.h"

namespace gateway::http {
namespace {

// Making connections blocks a thread each.
constexpr int kMaxConnectorThreads = 64;

// A deadline that came sooner is no evidence of a dead peer.
constexpr absl::Duration kLeastSilence = absl::Milliseconds(100);

// A call that ended within a reply's body was answered all the same if its status says so.
constexpr int kFirstErrorStatus = 400;

Error MakeError(Error::Kind kind, bool sent, absl::string_view message) {
  return Error{.kind = kind, .sent = sent, .message = std::string(message)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> Reactor::Create(const Origin& origin,
                                                         const Options& options,
                                                         Http1Transport::OnSilence on_silence) {
  absl::StatusOr<std::unique_ptr<Poller>> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  absl::StatusOr<std::unique_ptr<Connector>> connector = Connector::Create(origin, options);
  if (!connector.ok()) return connector.status();
  return std::unique_ptr<Reactor>(
      new Reactor(options, *std::move(poller), *std::move(connector), std::move(on_silence)));
}

Reactor::Reactor(const Options& options, std::unique_ptr<Poller> poller,
                 std::unique_ptr<Connector> connector, Http1Transport::OnSilence on_silence)
    : on_silence_(std::move(on_silence)),
      capacity_(static_cast<size_t>(options.max_connections) +
                static_cast<size_t>(options.max_queued)),
      poller_(std::move(poller)),
      connector_(std::move(connector)),
      pool_(options),
      connector_threads_(std::min(options.max_connections, kMaxConnectorThreads),
                         [this] { return MakeConnection(); }),
      thread_([this] { Run(); }) {}

Reactor::~Reactor() {
  Stop();
  EndAll();
}

void Reactor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    WakeIfAsleep();
  }
  connector_->Stop();
  connector_threads_.Stop();
  if (thread_.joinable()) thread_.join();
}

// ---- A call's way to a connection: any thread ----

void Reactor::Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done) {
  const SteadyTime deadline = request->deadline;
  auto call = std::make_shared<OpenCall>(id, std::move(request), deadline, std::move(done));
  std::vector<ConnectionPtr> expired;
  ConnectionPtr connection;
  {
    const std::lock_guard lock(mutex_);
    if (std::optional<Error> refusal = ReasonToRefuse(*call)) {
      return Post({std::move(call->done), *std::move(refusal)});
    }
    AddCall(call);
    connection = AssignIdle(call, expired);
    if (connection == nullptr) pool_.Enqueue(call);
  }
  for (const ConnectionPtr& old : expired) old->Close();
  // From here on whoever finds a connection for a waiting call sends it.
  Begin(call, std::move(connection));
}

std::optional<Error> Reactor::ReasonToRefuse(const OpenCall& call) const {
  if (call.deadline <= SteadyTime::Now()) {
    return MakeError(Error::Kind::kDeadline, false, "the deadline passed");
  }
  if (static_cast<size_t>(open()) >= capacity_) {
    return MakeError(Error::Kind::kOverloaded, false, "too many calls are waiting");
  }
  return std::nullopt;
}

// Sends the call on the connection, or, as long as nothing of it was sent, on another one.
void Reactor::Begin(const CallPtr& call, ConnectionPtr connection) {
  while (connection != nullptr) {
    const Connection::Begun begun = connection->Begin(call->id, call->request);
    if (begun == Connection::Begun::kYes || begun == Connection::Begun::kNeedsAttention) {
      requests_started_.fetch_add(1, std::memory_order_relaxed);
    }
    if (begun == Connection::Begun::kYes) return;
    std::vector<ConnectionPtr> expired;
    {
      const std::lock_guard lock(mutex_);
      if (begun == Connection::Begun::kNeedsAttention) {
        need_attention_.push_back(std::move(connection));
        return WakeIfAsleep();
      }
      LetGo(connection);
      connection = AfterUnusable(call, begun, expired);
    }
    for (const ConnectionPtr& old : expired) old->Close();
  }
  WakeConnectors();
}

// Another connection for the call; null where it is over, or waits for one.
Reactor::ConnectionPtr Reactor::AfterUnusable(const CallPtr& call, Connection::Begun begun,
                                              std::vector<ConnectionPtr>& expired) {
  if (!calls_.contains(call->id)) return nullptr;
  call->connection = nullptr;
  if (begun == Connection::Begun::kUnusableFresh) {
    TakeCall(call->id);
    Post({std::move(call->done),
          MakeError(Error::Kind::kBroken, false,
                    "the upstream ended a new connection before anything was sent")});
    return nullptr;
  }
  if (begun == Connection::Begun::kUnusable) ++counts_.connections_ended_idle;
  ConnectionPtr connection = AssignIdle(call, expired);
  if (connection == nullptr) pool_.EnqueueFirst(call);
  return connection;
}

// Gives the call an idle connection, which the caller is to Begin it on. Null where there is none.
Reactor::ConnectionPtr Reactor::AssignIdle(const CallPtr& call,
                                           std::vector<ConnectionPtr>& expired) {
  call->connection = pool_.Take(SteadyTime::Now(), expired);
  let_go_.insert(let_go_.end(), expired.begin(), expired.end());
  return call->connection;
}

void Reactor::Refuse(Transport::Done done, Error error) {
  const std::lock_guard lock(mutex_);
  Post({std::move(done), std::move(error)});
}

void Reactor::Wait(CallId id, SteadyTime until, Transport::Done done) {
  auto call = std::make_shared<OpenCall>(id, nullptr, until, std::move(done));
  const std::lock_guard lock(mutex_);
  AddCall(call);
}

void Reactor::Cancel(CallId id) {
  const std::lock_guard lock(mutex_);
  cancelled_.push_back(id);
  WakeIfAsleep();
}

void Reactor::AddCall(const CallPtr& call) {
  calls_.emplace(call->id, call);
  if (call->request != nullptr) open_.fetch_add(1, std::memory_order_relaxed);
  if (call->deadline == SteadyTime::InfiniteFuture()) return;
  deadlines_.emplace(call->deadline, call->id);
  if (call->deadline < planned_wake_) WakeIfAsleep();
}

// Null where the call is over.
Reactor::CallPtr Reactor::TakeCall(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return nullptr;
  CallPtr call = std::move(found->second);
  calls_.erase(found);
  if (call->deadline != SteadyTime::InfiniteFuture()) deadlines_.erase({call->deadline, call->id});
  if (call->request == nullptr) return call;
  open_.fetch_sub(1, std::memory_order_relaxed);
  if (call->connection == nullptr) pool_.Dequeue(*call);
  return call;
}

void Reactor::Post(Over over) {
  over_.push_back(std::move(over));
  WakeIfAsleep();
}

void Reactor::WakeIfAsleep() {
  if (std::exchange(asleep_, false)) poller_->Wake();
}

// The pool knows it no more; the object stays until no event of this turn can name it.
void Reactor::LetGo(const ConnectionPtr& connection) {
  pool_.Drop(connection);
  let_go_.push_back(connection);
}

// ---- New connections: connector threads ----

void Reactor::WakeConnectors() {
  bool wanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = !stopping_ && pool_.WantsAttempt();
  }
  if (wanted) connector_threads_.Wake();
}

// False where no call waits for one.
bool Reactor::MakeConnection() {
  CallPtr call;
  bool more;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    call = pool_.NextAttempt();
    more = pool_.WantsAttempt();
  }
  if (call == nullptr) return false;
  if (more) connector_threads_.Wake();
  Connector::Made made = connector_->Connect();
  if (auto* const connection = std::get_if<ConnectionPtr>(&made)) {
    if (poller_->Add((*connection)->fd(), connection->get()).ok()) {
      OnConnected(std::move(*connection));
      return true;
    }
    made = MakeError(Error::Kind::kOverloaded, false, "the system watches no more connections");
  }
  OnConnectFailed(*call, std::get<Error>(std::move(made)));
  return true;
}

void Reactor::OnConnected(ConnectionPtr connection) {
  CallPtr next;
  {
    const std::lock_guard lock(mutex_);
    pool_.AttemptMade(connection);
    ++counts_.connections_created;
    const SteadyTime until = pool_.ServesUntil(*connection, SteadyTime::InfiniteFuture());
    next = pool_.Offer(connection, SteadyTime::Now(), until);
  }
  if (next != nullptr) Begin(next, std::move(connection));
}

// The call for which the connection was to be made fails, unless it got another one.
void Reactor::OnConnectFailed(const OpenCall& call, Error error) {
  const std::lock_guard lock(mutex_);
  pool_.AttemptFailed();
  const auto found = calls_.find(call.id);
  if (found == calls_.end() || found->second->connection != nullptr) return;
  const CallPtr failed = TakeCall(call.id);
  Post({std::move(failed->done), std::move(error)});
}

// ---- The thread ----

void Reactor::Run() {
  BlockSignals();
  while (true) {
    for (void* const ready : poller_->Wait(WaitMilliseconds())) {
      Serve(*static_cast<Connection*>(ready));
    }
    // Before deadlines: what has arrived counts.
    if (!TakeMail()) return EndAll();
    EndExpired();
    CloseExpired();
  }
}

int Reactor::WaitMilliseconds() {
  const std::lock_guard lock(mutex_);
  if (!over_.empty() || !cancelled_.empty() || !need_attention_.empty() || stopping_) return 0;
  const SteadyTime now = SteadyTime::Now();
  SteadyTime next = pool_.next_expiry();
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  // A wake-up that was planned stays planned, though what it was for is over: so the calls to come,
  // whose deadlines are later, need not wake this thread to plan theirs.
  if (planned_wake_ <= now || next < planned_wake_) planned_wake_ = next;
  asleep_ = true;
  if (planned_wake_ == SteadyTime::InfiniteFuture()) return -1;
  const int64_t left = absl::ToInt64Milliseconds(planned_wake_ - now) + 1;
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
}

// False when the reactor is to stop.
bool Reactor::TakeMail() {
  std::vector<Over> over;
  std::vector<CallId> cancelled;
  std::vector<ConnectionPtr> need_attention;
  std::vector<ConnectionPtr> let_go;
  bool stopping;
  {
    const std::lock_guard lock(mutex_);
    asleep_ = false;
    over.swap(over_);
    cancelled.swap(cancelled_);
    need_attention.swap(need_attention_);
    let_go.swap(let_go_);
    stopping = stopping_;
  }
  for (const ConnectionPtr& connection : let_go) connection->Close();
  for (const ConnectionPtr& connection : need_attention) Serve(*connection);
  for (Over& call : over) call.done(std::move(call.result));
  for (const CallId id : cancelled) {
    CallPtr call;
    {
      const std::lock_guard lock(mutex_);
      call = TakeCall(id);
    }
    if (call != nullptr) EndEarly(call, Error::Kind::kCancelled, "cancelled by the caller");
  }
  return !stopping;
}

void Reactor::Serve(Connection& connection) {
  Connection::Progress progress = connection.OnReady();
  if (!progress.ended && !progress.more) return;
  ConnectionPtr free = connection.shared_from_this();
  CallPtr call;
  CallPtr next;
  {
    const std::lock_guard lock(mutex_);
    if (progress.more) return need_attention_.push_back(std::move(free));
    Connection::Ended& ended = *progress.ended;
    call = TakeCall(ended.call);
    if (call != nullptr) ++counts_.requests_finished;
    if (ended.reused) ++counts_.connections_reused;
    if (ended.call == 0) ++counts_.connections_ended_idle;
    next = Free(free, ended);
  }
  if (next != nullptr) {
    Begin(next, std::move(free));
  } else if (!progress.ended->keep) {
    WakeConnectors();
  }
  // Reset: a host that took over the peer's address knows the other connections no better.
  if (progress.ended->lost) CloseSilentSince(*progress.ended->lost);
  if (call != nullptr) call->done(std::move(progress.ended->result));
}

// The call that goes out on the connection next; null: it is idle, or is not kept.
Reactor::CallPtr Reactor::Free(const ConnectionPtr& connection, Connection::Ended& ended) {
  const SteadyTime now = SteadyTime::Now();
  const SteadyTime until = pool_.ServesUntil(*connection, ended.keep_until);
  ended.keep = ended.keep && until > now;
  if (ended.keep) return pool_.Offer(connection, now, until);
  LetGo(connection);
  return nullptr;
}

void Reactor::EndExpired() {
  while (true) {
    CallPtr call;
    {
      const std::lock_guard lock(mutex_);
      if (deadlines_.empty() || deadlines_.begin()->first > SteadyTime::Now()) return;
      call = TakeCall(deadlines_.begin()->second);
    }
    EndEarly(call, Error::Kind::kDeadline, "the deadline passed");
  }
}

// `call` was taken out of the table.
void Reactor::EndEarly(const CallPtr& call, Error::Kind kind, absl::string_view message) {
  if (call->connection == nullptr) return call->done(MakeError(kind, false, message));
  Connection::GivenUp given_up = call->connection->GiveUp(call->id);
  {
    const std::lock_guard lock(mutex_);
    LetGo(call->connection);
    if (given_up.begun) ++counts_.requests_finished;
  }
  WakeConnectors();
  const bool timed_out = kind == Error::Kind::kDeadline;
  if (timed_out && given_up.silent) NoteSilence(*given_up.begun, call->deadline);
  if (timed_out && given_up.head && given_up.head->status >= kFirstErrorStatus) {
    return call->done(*std::move(given_up.head));
  }
  call->done(MakeError(kind, given_up.sent, message));
}

// A request got not a byte on a connection that had worked: the peer may be gone without a word.
// How long was the caller's choice, not how late this thread sees it.
void Reactor::NoteSilence(SteadyTime since, SteadyTime until) {
  const absl::Duration waited = until - since;
  if (waited < kLeastSilence) return;
  const size_t closed = CloseSilentSince(since);
  {
    const std::lock_guard lock(mutex_);
    ++counts_.silences;
  }
  if (on_silence_) on_silence_(waited, closed);
}

// Closes the idle connections on which nothing came since, rather than try them one by one, at the
// price of a request each.
size_t Reactor::CloseSilentSince(SteadyTime moment) {
  std::vector<ConnectionPtr> silent;
  {
    const std::lock_guard lock(mutex_);
    silent = pool_.TakeSilentSince(moment);
    for (const ConnectionPtr& connection : silent) LetGo(connection);
    counts_.connections_closed_for_silence += static_cast<int64_t>(silent.size());
  }
  for (const ConnectionPtr& connection : silent) connection->Close();
  return silent.size();
}

void Reactor::CloseExpired() {
  std::vector<ConnectionPtr> expired;
  {
    const std::lock_guard lock(mutex_);
    expired = pool_.TakeExpired(SteadyTime::Now());
  }
  for (const ConnectionPtr& connection : expired) connection->Close();
}

// Runs at the thread's end, and once more when the reactor is destroyed: a `done` may send again.
void Reactor::EndAll() {
  std::vector<ConnectionPtr> idle;
  {
    const std::lock_guard lock(mutex_);
    idle = pool_.TakeExpired(SteadyTime::InfiniteFuture());
  }
  for (const ConnectionPtr& connection : idle) connection->Close();
  while (true) {
    CallPtr call;
    {
      const std::lock_guard lock(mutex_);
      if (calls_.empty() && over_.empty()) return;
      if (!calls_.empty()) call = TakeCall(calls_.begin()->first);
    }
    if (call != nullptr) EndEarly(call, Error::Kind::kShutdown, "the transport stops");
    TakeMail();
  }
}

Stats Reactor::Snapshot() const {
  const std::lock_guard lock(mutex_);
  Stats stats = counts_;
  stats.requests_started = requests_started_.load(std::memory_order_relaxed);
  stats.open = open();
  stats.queued = static_cast<int64_t>(pool_.queued());
  stats.in_flight = stats.open - stats.queued;
  stats.connections_open = static_cast<int64_t>(pool_.open());
  if (pool_.open() > 0) {
    stats.oldest_connection_seconds = absl::ToDoubleSeconds(SteadyTime::Now() - pool_.oldest());
  }
  return stats;
}

}  // namespace gateway::http
