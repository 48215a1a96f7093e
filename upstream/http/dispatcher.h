// Brings each call to a connection. The thread that finds the connection writes the request:
//
//   Submit -- a connection is idle: the caller's thread writes the request
//          -- none is idle: queue -> a connector thread makes a connection and writes the request
//                                 -> or the event thread gets a connection back and writes it
//
// The dispatcher holds the table of calls and the pool. Two tasks are left to the event thread, on
// its agenda (see reactor.h): closing a connection that an event may name, and calling a `done`.
//
// The thread that takes a call out of the table, under the lock, must end the call; no other thread
// may. So if a reply, a deadline and a cancellation race, exactly one of them wins.
//
// Thread-safety: all public methods may be called from any thread, except those for the event
// thread. Lifetime: the poller must outlive the dispatcher. Before the dispatcher is destroyed, its
// owner must call Stop, and work on the agenda until the agenda is empty.
#ifndef UPSTREAM_HTTP_DISPATCHER_H_
#define UPSTREAM_HTTP_DISPATCHER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "upstream/http/call_table.h"
#include "upstream/http/connector.h"
#include "upstream/http/connector_threads.h"
#include "upstream/http/open_call.h"
#include "upstream/http/options.h"
#include "upstream/http/poller.h"
#include "upstream/http/pool.h"
#include "upstream/http/stats.h"
#include "upstream/http/transport.h"
#include "upstream/mutex.h"
#include "upstream/start_thread.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Dispatcher {
 public:
  using CallId = Transport::CallId;
  using CallPtr = Pool::CallPtr;
  using ConnectionPtr = Pool::ConnectionPtr;

  // `options` has this dispatcher's share of max_connections and max_queued. New connections are
  // added to `poller`, which also wakes the event thread. `make_thread` makes the threads that
  // connect.
  Dispatcher(const Options& options, std::unique_ptr<Connector> connector, Poller& poller,
             ThreadMaker make_thread);

  // `id` must be new to this dispatcher.
  void Submit(CallId id, std::shared_ptr<const Request> request, Transport::Done done);

  // Does not make the call: `done` gets the error on the event thread.
  void Refuse(Transport::Done done, Error error);

  // See Transport::Wait. `id` must be new to this dispatcher.
  void Wait(CallId id, SteadyTime until, Transport::Done done);

  void Cancel(CallId id);

  // Makes no more connections, and waits until the attempts to connect have ended. From now on,
  // TakeAgenda also takes all open calls, to end them.
  void Stop();

  // How many calls were submitted and are not over. Takes no lock, because the table counts with an
  // atomic.
  int64_t open() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return calls_.open(); }

  Stats Snapshot() const;

  // ---- For the event thread ----

  // A call that is over, and what its `done` gets.
  struct Over {
    Transport::Done done;
    Result result;
  };
  // A call that was taken out of the table before its reply, and why.
  struct Early {
    CallPtr call;
    Error::Kind kind;
  };
  struct Agenda {
    // Connections that were removed from the pool. They are closed only now, because an event of
    // the last turn may have named them.
    std::vector<ConnectionPtr> to_close;
    std::vector<ConnectionPtr> need_attention;  // call OnReady, even if no event asks for it
    std::vector<Over> over;
    // Calls to end before OnReady of any connection is called. Otherwise OnReady could end their
    // exchange, and then it would no longer be known what was sent.
    std::vector<Early> early;
    bool stopping = false;
    int sleep_milliseconds = 0;  // for epoll_wait (-1: no limit); 0 if there is something to do

    bool empty() const {
      return to_close.empty() && need_attention.empty() && over.empty() && early.empty();
    }
  };
  // Returns everything that is to be done now. If that is nothing, the next thread that adds
  // something wakes the poller.
  Agenda TakeAgenda();

  // Handles the end that OnReady has returned for the connection: gives the connection to the call
  // that waits longest, keeps it idle, or lets it go. Returns the call whose exchange ended.
  // Returns null if there was none, or if another thread ends that call.
  CallPtr Free(ConnectionPtr connection, const Connection::Ended& ended);

  // Lets go of the connection of a call that was given up. `begun` is true if the exchange had
  // begun.
  void LetGo(const ConnectionPtr& connection, bool begun);

  // Lets go of the idle connections that have received nothing since `moment`, and returns how
  // many. Otherwise later calls would try these connections one by one, and each could cost a
  // request. `silence` is true if the cause is a request that got no byte by its deadline, and
  // false if it is a connection that was reset.
  size_t LetGoSilentSince(SteadyTime moment, bool silence);

 private:
  // Any thread.
  // `fresh`: the connection was just made, and was never idle.
  void Begin(const CallPtr& call, ConnectionPtr connection, bool fresh = false);
  void WakeConnector();
  bool MakeConnection();
  void OnConnected(const OpenCall& call, ConnectionPtr connection);

  // Any thread, under the lock.
  std::optional<Error> ReasonToRefuse(const OpenCall& call) const;
  ConnectionPtr AfterUnusable(const CallPtr& call, const ConnectionPtr& unusable,
                              Connection::Begun begun, bool fresh)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ConnectionPtr AssignIdle(const CallPtr& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddCall(const CallPtr& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailAttempt(const OpenCall& call, Error error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish(const CallPtr& call, Error error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Post(Over over) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeIfAsleep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LetGoLocked(const ConnectionPtr& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WantsConnection() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !stopping_ && pool_.WantsAttempt();
  }
  void TakeEarly(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes the call from the queue and adds it to agenda_.early, to be ended with this kind of
  // error. Returns false, and does nothing, if `call` is null.
  bool AddEarly(CallPtr call, Error::Kind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int PlanSleep(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;  // calls that may be open: running and queued
  const std::unique_ptr<Connector> connector_;
  Poller& poller_;

  mutable Mutex mutex_;
  Pool pool_ ABSL_GUARDED_BY(mutex_);
  CallTable calls_ ABSL_GUARDED_BY(mutex_);
  // Except within TakeAgenda, `early` is empty: calls to be ended early stay in the table until
  // then.
  Agenda agenda_ ABSL_GUARDED_BY(mutex_);
  std::vector<CallId> cancelled_ ABSL_GUARDED_BY(mutex_);  // to be ended by TakeAgenda
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime planned_wake_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfiniteFuture();
  bool asleep_ ABSL_GUARDED_BY(mutex_) = false;
  Stats counts_ ABSL_GUARDED_BY(mutex_);  // the counters that only grow, except requests_started

  std::atomic<int64_t> requests_started_{0};

  ConnectorThreads connector_threads_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_DISPATCHER_H_
