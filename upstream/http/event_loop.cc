#include "upstream/http/event_loop.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <limits>

#include "absl/time/clock.h"

namespace gateway::http {
namespace {

// Signals are other threads' business; and a SIGPIPE from a socket that OpenSSL writes to stays
// harmless when blocked.
void BlockSignals() {
  sigset_t set;
  sigfillset(&set);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF}) sigdelset(&set, fault);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// The same instant on the clock that nobody sets.
Clock::time_point Monotonic(absl::Time deadline) {
  constexpr absl::Duration kFar = absl::Hours(24 * 365);
  const absl::Duration left = deadline - absl::Now();
  if (left > kFar) return Clock::time_point::max();
  return Clock::now() + absl::ToChronoNanoseconds(std::max(left, -kFar));
}

// The error of a call that got no connection.
std::optional<Error> ConnectFailure(const Result& result) {
  const Error* error = std::get_if<Error>(&result);
  if (error == nullptr || error->sent) return std::nullopt;
  switch (error->kind) {
    case Error::Kind::kResolve:
    case Error::Kind::kConnect:
    case Error::Kind::kTls:
      return *error;
    default:
      return std::nullopt;
  }
}

// It was no fault of the upstream's that there was no socket to connect with.
void BlameOurselves(Result& result) {
  Error* const error = std::get_if<Error>(&result);
  if (error == nullptr || error->sent || error->kind != Error::Kind::kConnect) return;
  *error = {.kind = Error::Kind::kOverloaded, .message = "no descriptor is left for a connection"};
}

const std::shared_ptr<const Request>& NoRequest() {
  static const auto& none = *new std::shared_ptr<const Request>(std::make_shared<Request>());
  return none;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create(const Options& options) {
  absl::StatusOr<std::unique_ptr<Poller>> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  absl::StatusOr<std::unique_ptr<Multi>> multi =
      Multi::Create(poller->get(), options.max_connections, options.max_streams_per_connection);
  if (!multi.ok()) return multi.status();
  return std::unique_ptr<EventLoop>(new EventLoop(options, *std::move(poller), *std::move(multi)));
}

EventLoop::EventLoop(const Options& options, std::unique_ptr<Poller> poller,
                     std::unique_ptr<Multi> multi)
    : options_(options),
      poller_(std::move(poller)),
      multi_(std::move(multi)),
      capacity_(int64_t{options.max_connections} + options.max_queued),
      thread_([this] { Run(); }) {}

EventLoop::~EventLoop() {
  Stop();
  EndAll();
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    inbox_.stop = true;
    WakeIfAsleep();
  }
  thread_.join();
}

void EventLoop::Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done,
                       std::optional<Error> refusal) {
  if (open_.fetch_add(1, std::memory_order_relaxed) >= capacity_.load(std::memory_order_relaxed) &&
      !refusal) {
    refusal = Error{.kind = Error::Kind::kOverloaded, .message = "too many calls are waiting"};
  }
  if (refusal) request = NoRequest();  // it holds no memory while it waits for its end
  Calls call;
  const absl::Time deadline = request->deadline;
  call.emplace_back(id, std::move(request), std::move(done), options_);
  call.front().deadline = Monotonic(deadline);
  call.front().refusal = std::move(refusal);
  Post(call);
}

void EventLoop::Wait(CallId id, absl::Time until, Transport::Done done) {
  Calls call;
  call.emplace_back(id, NoRequest(), std::move(done), options_);
  call.front().deadline = Monotonic(until);
  call.front().only_waits = true;
  Post(call);
}

void EventLoop::Post(Calls& call) {
  std::lock_guard lock(mutex_);
  inbox_.submitted.splice(inbox_.submitted.end(), call);
  WakeIfAsleep();
}

void EventLoop::Cancel(CallId id) {
  std::lock_guard lock(mutex_);
  inbox_.cancelled.push_back(id);
  WakeIfAsleep();
}

void EventLoop::WakeIfAsleep() {
  if (asleep_) poller_->Wake();
  asleep_ = false;
}

void EventLoop::Run() {
  BlockSignals();
  while (true) {
    for (const Poller::Event& event : poller_->Wait(WaitMilliseconds())) {
      static_cast<Multi*>(event.owner)->OnSocket(event.fd, event.events);
    }
    RunAndCollect();  // before deadlines: what has arrived counts
    if (!TakeInbox()) return EndAll();
    EndExpired();
    RotateConnections();
    do {
      StartQueued();
    } while (RunAndCollect() && !queue_.empty());
  }
}

// Whether a call ended.
bool EventLoop::RunAndCollect() {
  const Clock::time_point now = Clock::now();
  multi_->RunTimer(now);
  bool ended = CollectFinished(*multi_);
  for (auto& multi : retired_) {
    multi->RunTimer(now);
    ended |= CollectFinished(*multi);
  }
  return ended;
}

int EventLoop::WaitMilliseconds() {
  Clock::time_point next = multi_->timer();
  for (const auto& multi : retired_) next = std::min(next, multi->timer());
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  {
    std::lock_guard lock(mutex_);
    if (!inbox_.submitted.empty() || !inbox_.cancelled.empty() || inbox_.stop) return 0;
    asleep_ = true;
  }
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
}

// False when the loop is to stop.
bool EventLoop::TakeInbox() {
  Inbox inbox;
  {
    std::lock_guard lock(mutex_);
    asleep_ = false;
    inbox.stop = inbox_.stop;
    std::swap(inbox.submitted, inbox_.submitted);
    std::swap(inbox.cancelled, inbox_.cancelled);
  }
  while (!inbox.submitted.empty()) {
    const Calls::iterator call = inbox.submitted.begin();
    Calls& list = call->only_waits ? waiting_ : queue_;
    list.splice(list.end(), inbox.submitted, call);
    if (!call->only_waits) queued_.fetch_add(1, std::memory_order_relaxed);
    calls_.emplace(call->id, call);
    if (call->deadline != Clock::time_point::max()) deadlines_.emplace(call->deadline, call->id);
    if (call->refusal) End(call, *std::exchange(call->refusal, std::nullopt));
  }
  for (CallId id : inbox.cancelled) CancelCall(id);
  return !inbox.stop;
}

bool EventLoop::HasMail() {
  std::lock_guard lock(mutex_);
  return !inbox_.submitted.empty() || !inbox_.cancelled.empty();
}

void EventLoop::CancelCall(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  EndEarly(found->second, Error::Kind::kCancelled, "cancelled by the caller");
}

void EventLoop::EndExpired() {
  const Clock::time_point now = Clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    EndEarly(calls_.at(deadlines_.begin()->second), Error::Kind::kDeadline, "the deadline passed");
  }
}

int EventLoop::InFlightLimit() const {
  return protocol_ == Protocol::kHttp2
             ? options_.max_connections * options_.max_streams_per_connection
             : options_.max_connections;
}

void EventLoop::StartQueued() {
  while (!queue_.empty() && static_cast<int>(running_.size()) < InFlightLimit()) {
    Start(queue_.begin());
  }
}

void EventLoop::Start(Calls::iterator call) {
  const bool share_connection = protocol_ != Protocol::kHttp1;
  CURLcode code = call->transfer.Prepare(TakeHandle(), share_connection);
  if (code == CURLE_OK) code = multi_->Add(call->transfer.handle(), &*call);
  if (code != CURLE_OK) return End(call, call->transfer.Finish(code));
  call->multi = multi_.get();
  running_.splice(running_.end(), queue_, call);
  queued_.fetch_sub(1, std::memory_order_relaxed);
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  requests_started_.fetch_add(1, std::memory_order_relaxed);
}

bool EventLoop::CollectFinished(Multi& multi) {
  bool ended = false;
  while (const std::optional<Multi::Finished> finished = multi.NextFinished()) {
    Call& call = *static_cast<Call*>(finished->owner);
    Result result = call.transfer.Finish(finished->code);
    if (multi.lacks_descriptors()) BlameOurselves(result);
    const bool is_tls = call.transfer.is_tls();
    if (std::holds_alternative<Response>(result)) LearnProtocol(call.transfer.handle());
    const std::optional<Error> failure = ConnectFailure(result);
    End(calls_.at(call.id), std::move(result));
    if (failure && is_tls) EndThoseWaitingFor(*failure);
    ended = true;
  }
  return ended;
}

void EventLoop::LearnProtocol(const EasyHandle& handle) {
  protocol_ = handle.GetLong(CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0 ? Protocol::kHttp2
                                                                             : Protocol::kHttp1;
  capacity_.store(int64_t{InFlightLimit()} + options_.max_queued, std::memory_order_relaxed);
}

// Calls that share a connection in the making wait inside libcurl, which would let them try one
// after the other, each for a whole connect timeout. While no connection works, the failure of one
// is the failure of all.
void EventLoop::EndThoseWaitingFor(const Error& failure) {
  if (protocol_ == Protocol::kHttp1) return;
  for (const Call& call : running_) {
    if (call.transfer.sent()) return;
  }
  for (auto call = running_.begin(); call != running_.end();) {
    const auto next = std::next(call);
    End(call, failure);
    call = next;
  }
}

// libcurl retires a connection by age only while no request uses it, which with multiplexing may be
// never. So the pool as a whole is replaced: new calls go to new connections, and the old ones
// close after their last reply.
void EventLoop::RotateConnections() {
  std::erase_if(retired_, [](const auto& multi) { return multi->transfers() == 0; });
  if (protocol_ != Protocol::kHttp2) return;
  if (Clock::now() - multi_->created() < absl::ToChronoNanoseconds(options_.max_connection_age)) {
    return;
  }
  absl::StatusOr<std::unique_ptr<Multi>> fresh =
      Multi::Create(poller_.get(), options_.max_connections, options_.max_streams_per_connection);
  if (fresh.ok()) retired_.push_back(std::exchange(multi_, *std::move(fresh)));
}

void EventLoop::EndAll() {
  do {
    while (!calls_.empty()) {
      EndEarly(calls_.begin()->second, Error::Kind::kShutdown, "the transport stops");
    }
    TakeInbox();  // what a `done` submitted meanwhile
  } while (!calls_.empty() || HasMail());
  free_handles_.clear();
  retired_.clear();
  multi_.reset();  // closes its connections here, where signals are blocked
}

void EventLoop::EndEarly(Calls::iterator call, Error::Kind kind, absl::string_view message) {
  Error error = call->transfer.MakeError(kind, message);
  if (call->multi == nullptr) return End(call, std::move(error));
  Multi& multi = *call->multi;
  const long port = call->transfer.handle().GetLong(CURLINFO_LOCAL_PORT);
  multi.Abort(call->transfer.handle());
  End(call, std::move(error));
  // Any other call on the connection will do.
  for (Call& other : running_) {
    EasyHandle& handle = other.transfer.handle();
    if (other.multi == &multi && handle.GetLong(CURLINFO_LOCAL_PORT) == port) {
      return multi.Flush(handle);
    }
  }
}

void EventLoop::End(Calls::iterator call, Result result) {
  Calls ended;
  if (call->only_waits) {
    ended.splice(ended.end(), waiting_, call);
  } else if (call->multi != nullptr) {
    EasyHandle handle = call->transfer.ReleaseHandle();
    const long created = handle.GetLong(CURLINFO_NUM_CONNECTS);
    const bool answered = std::holds_alternative<Response>(result);
    connections_created_.fetch_add(created, std::memory_order_relaxed);
    if (answered && created == 0) connections_reused_.fetch_add(1, std::memory_order_relaxed);
    call->multi->Remove(handle);
    // One that saw a failure is not trusted again.
    if (answered) free_handles_.push_back(std::move(handle));
    ended.splice(ended.end(), running_, call);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    requests_finished_.fetch_add(1, std::memory_order_relaxed);
    if (call->transfer.repeat_refused()) repeats_refused_.fetch_add(1, std::memory_order_relaxed);
  } else {
    ended.splice(ended.end(), queue_, call);
    queued_.fetch_sub(1, std::memory_order_relaxed);
  }
  calls_.erase(call->id);
  if (call->deadline != Clock::time_point::max()) deadlines_.erase({call->deadline, call->id});
  if (!call->only_waits) open_.fetch_sub(1, std::memory_order_relaxed);
  call->done(std::move(result));
}

EasyHandle EventLoop::TakeHandle() {
  if (free_handles_.empty()) return Transfer::MakeHandle(options_);
  EasyHandle handle = std::move(free_handles_.back());
  free_handles_.pop_back();
  return handle;
}

Stats EventLoop::Snapshot() const {
  const SocketCensus::Count sockets = poller_->CountSockets();
  return Stats{.open = open_.load(std::memory_order_relaxed),
               .queued = queued_.load(std::memory_order_relaxed),
               .in_flight = in_flight_.load(std::memory_order_relaxed),
               .connections_open = sockets.open,
               .oldest_connection_seconds = std::chrono::duration<double>(sockets.oldest).count(),
               .connections_created = connections_created_.load(std::memory_order_relaxed),
               .connections_reused = connections_reused_.load(std::memory_order_relaxed),
               .requests_started = requests_started_.load(std::memory_order_relaxed),
               .requests_finished = requests_finished_.load(std::memory_order_relaxed),
               .repeats_refused = repeats_refused_.load(std::memory_order_relaxed)};
}

}  // namespace gateway::http
