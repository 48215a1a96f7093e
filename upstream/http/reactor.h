// One thread that owns a share of the connections and of the calls, from their submission to their
// end:
//
//   Submit -- an idle connection: written by the caller's thread --------+
//          -- none: queue -> connector thread -> written by that thread --+-> reply: this thread
//
// Replies are read, deadlines kept and `done` called here. Deadlines hold in every stage.
//
// Whoever takes a call out of the table of calls, under the lock, ends it; nobody else does. So a
// reply, a deadline and a cancellation may race, and one of them wins.
//
// Thread-safety: all public methods may be called from any thread, Submit also from inside a
// `done`. Lifetime: the destructor ends open calls with Error::kShutdown and joins all threads.
#ifndef UPSTREAM_HTTP_REACTOR_H_
#define UPSTREAM_HTTP_REACTOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "upstream/http/connector.h"
#include "upstream/http/connector_threads.h"
#include "upstream/http/http1_transport.h"
#include "upstream/http/open_call.h"
#include "upstream/http/options.h"
#include "upstream/http/poller.h"
#include "upstream/http/pool.h"
#include "upstream/http/stats.h"
#include "upstream/http/transport.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Reactor {
 public:
  using CallId = Transport::CallId;

  // `options` with this reactor's share of max_connections and max_queued.
  // `on_silence` may be null.
  static absl::StatusOr<std::unique_ptr<Reactor>> Create(const Origin& origin,
                                                         const Options& options,
                                                         Http1Transport::OnSilence on_silence);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // `id` is new to this reactor.
  void Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done);

  // The call is not made: `done` gets the error on this reactor's thread.
  void Refuse(Transport::Done done, Error error);

  // See Transport::Wait. `id` is new to this reactor.
  void Wait(CallId id, SteadyTime until, Transport::Done done);

  void Cancel(CallId id);

  void Stop();

  // Calls that were submitted and are not over.
  int64_t open() const { return open_.load(std::memory_order_relaxed); }

  Stats Snapshot() const;

 private:
  using CallPtr = Pool::CallPtr;
  using ConnectionPtr = Pool::ConnectionPtr;

  // A call that is over, and what its `done` is to be told.
  struct Over {
    Transport::Done done;
    Result result;
  };

  Reactor(const Options& options, std::unique_ptr<Poller> poller,
          std::unique_ptr<Connector> connector, Http1Transport::OnSilence on_silence);

  // Any thread.
  void Begin(const CallPtr& call, ConnectionPtr connection);
  bool MakeConnection();
  void OnConnected(ConnectionPtr connection);
  void OnConnectFailed(const OpenCall& call, Error error);
  void WakeConnectors();

  // Any thread, with mutex_ held.
  std::optional<Error> ReasonToRefuse(const OpenCall& call) const;
  ConnectionPtr AfterUnusable(const CallPtr& call, Connection::Begun begun,
                              std::vector<ConnectionPtr>& expired);
  ConnectionPtr AssignIdle(const CallPtr& call, std::vector<ConnectionPtr>& expired);
  void AddCall(const CallPtr& call);
  CallPtr TakeCall(CallId id);
  void Post(Over over);
  void WakeIfAsleep();
  void LetGo(const ConnectionPtr& connection);
  CallPtr Free(const ConnectionPtr& connection, Connection::Ended& ended);

  // The reactor's thread only.
  void Run();
  int WaitMilliseconds();
  bool TakeMail();
  void Serve(Connection& connection);
  void EndExpired();
  void EndEarly(const CallPtr& call, Error::Kind kind, absl::string_view message);
  void NoteSilence(SteadyTime since, SteadyTime until);
  size_t CloseSilentSince(SteadyTime moment);
  void CloseExpired();
  void EndAll();

  const Http1Transport::OnSilence on_silence_;
  const size_t capacity_;  // calls that may be open: running and queued
  const std::unique_ptr<Poller> poller_;
  const std::unique_ptr<Connector> connector_;

  // Of the standard library because a thread sanitizer does not see the locks of a distribution's
  // Abseil.
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Pool pool_;
  absl::flat_hash_map<CallId, CallPtr> calls_;
  absl::btree_set<std::pair<SteadyTime, CallId>> deadlines_;
  std::vector<Over> over_;
  std::vector<CallId> cancelled_;
  std::vector<ConnectionPtr> need_attention_;
  std::vector<ConnectionPtr> let_go_;  // kept until no event may name them
  SteadyTime planned_wake_ = SteadyTime::InfiniteFuture();
  bool asleep_ = false;
  bool stopping_ = false;
  Stats counts_;  // those that only grow, but for requests_started

  std::atomic<int64_t> open_{0};
  std::atomic<int64_t> requests_started_{0};

  ConnectorThreads connector_threads_;
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REACTOR_H_
