#include "upstream/http/reactor.h"

#include <string>
#include <utility>

#include "upstream/http/block_signals.h"

namespace gateway::http {
namespace {

// A shorter wait is no evidence that the peer is dead.
constexpr absl::Duration kLeastSilence = absl::Milliseconds(100);

// From this status on, a call whose deadline passed within the reply's body still counts as
// answered.
constexpr int kFirstErrorStatus = 400;

absl::string_view Why(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::kDeadline:
      return "the deadline passed";
    case Error::Kind::kCancelled:
      return "cancelled by the caller";
    default:
      return "the transport stops";
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> Reactor::Create(const Origin& origin,
                                                         const Options& options,
                                                         Http1Transport::OnSilence on_silence,
                                                         const ThreadMaker& make_thread) {
  absl::StatusOr<std::unique_ptr<Poller>> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  absl::StatusOr<std::unique_ptr<Connector>> connector = Connector::Create(origin, options);
  if (!connector.ok()) return connector.status();
  std::unique_ptr<Reactor> reactor(new Reactor(options, *std::move(poller), *std::move(connector),
                                               std::move(on_silence), make_thread));
  absl::StatusOr<std::thread> thread =
      StartThread([self = reactor.get()] { self->Run(); }, make_thread);
  if (!thread.ok()) return thread.status();
  reactor->thread_ = *std::move(thread);
  return reactor;
}

Reactor::Reactor(const Options& options, std::unique_ptr<Poller> poller,
                 std::unique_ptr<Connector> connector, Http1Transport::OnSilence on_silence,
                 const ThreadMaker& make_thread)
    : on_silence_(std::move(on_silence)),
      poller_(std::move(poller)),
      dispatcher_(options, std::move(connector), *poller_, make_thread) {}

Reactor::~Reactor() {
  Stop();
  EndAll();  // once more: a `done` may have sent another request
}

void Reactor::Stop() {
  dispatcher_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Reactor::Run() {
  BlockSignals();
  int sleep_milliseconds = 0;
  while (true) {
    for (const auto& [owner, ended] : poller_->Wait(unfinished_.empty() ? sleep_milliseconds : 0)) {
      Serve(*static_cast<Connection*>(owner), ended);
    }
    for (const auto& connection : std::exchange(unfinished_, {})) Serve(*connection, false);
    // Deadlines are handled after replies, so that a reply that has arrived counts.
    Dispatcher::Agenda agenda = dispatcher_.TakeAgenda();
    WorkOn(agenda);
    if (agenda.stopping) return EndAll();
    sleep_milliseconds = agenda.sleep_milliseconds;
  }
}

void Reactor::Serve(Connection& connection, bool peer_ended) {
  Connection::Progress progress = connection.OnReady(peer_ended);
  if (progress.more) return unfinished_.push_back(connection.shared_from_this());
  if (!progress.ended) return;
  Connection::Ended& ended = *progress.ended;
  const Dispatcher::CallPtr call = dispatcher_.Free(connection.shared_from_this(), ended);
  // The connection was reset. If another host has taken over the peer's address, that host does not
  // know the idle connections either.
  if (ended.lost) dispatcher_.LetGoSilentSince(*ended.lost, /*silence=*/false);
  if (call != nullptr) call->done(std::move(ended.result));
}

void Reactor::WorkOn(Dispatcher::Agenda& agenda) {
  for (const auto& connection : agenda.to_close) connection->Close();
  for (Dispatcher::Over& call : agenda.over) call.done(std::move(call.result));
  for (const Dispatcher::Early& early : agenda.early) EndEarly(early);
  for (auto& connection : agenda.need_attention) unfinished_.push_back(std::move(connection));
}

void Reactor::EndEarly(const Dispatcher::Early& early) {
  OpenCall& call = *early.call;
  const auto error = [&](bool sent) {
    return Error{.kind = early.kind, .sent = sent, .message = std::string(Why(early.kind))};
  };
  if (call.connection == nullptr) return call.done(error(/*sent=*/false));
  Connection::GivenUp given_up = call.connection->GiveUp(call.id);
  dispatcher_.LetGo(call.connection, given_up.begun.has_value());
  const bool timed_out = early.kind == Error::Kind::kDeadline;
  if (timed_out && given_up.silent) NoteSilence(*given_up.begun, call.deadline);
  if (timed_out && given_up.head && given_up.head->status >= kFirstErrorStatus) {
    return call.done(*std::move(given_up.head));
  }
  call.done(error(given_up.sent));
}

// A request got no byte on a connection that had worked: the peer may have vanished without closing
// the connection. The wait is counted up to the deadline that the caller chose, no matter how late
// this thread is.
void Reactor::NoteSilence(SteadyTime since, SteadyTime until) {
  const absl::Duration waited = until - since;
  if (waited < kLeastSilence) return;
  const size_t closed = dispatcher_.LetGoSilentSince(since, /*silence=*/true);
  if (on_silence_) on_silence_(waited, closed);
}

void Reactor::EndAll() {
  while (true) {
    Dispatcher::Agenda agenda = dispatcher_.TakeAgenda();
    if (agenda.empty()) return;
    WorkOn(agenda);
  }
}

}  // namespace gateway::http
