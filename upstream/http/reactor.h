// The event thread for a share of the connections. It reads replies, ends calls at their deadlines,
// and calls every `done`. The dispatcher brings calls to connections:
//
//   Dispatcher --- request ---> Connection --- event ---> Reactor --- reply ---> done
//       |                                                    ^
//       +--- agenda: deadlines, cancellations, errors -------+
//
// One turn: wait for events, read what came, work on the agenda. A deadline holds for a call in the
// queue as well as for one on a connection.
//
// Thread-safety: Stop may be called from any thread. Lifetime: the destructor ends open calls with
// Error::kShutdown and joins all threads.
#ifndef UPSTREAM_HTTP_REACTOR_H_
#define UPSTREAM_HTTP_REACTOR_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/http/connection.h"
#include "upstream/http/connector.h"
#include "upstream/http/dispatcher.h"
#include "upstream/http/http1_transport.h"
#include "upstream/http/options.h"
#include "upstream/http/origin.h"
#include "upstream/http/poller.h"
#include "upstream/start_thread.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Reactor {
 public:
  // `options` has this reactor's share of max_connections and max_queued.
  // `on_silence` may be null. Errors: what the system refuses, a descriptor or a thread.
  static absl::StatusOr<std::unique_ptr<Reactor>> Create(
      const Origin& origin, const Options& options, Http1Transport::OnSilence on_silence,
      const ThreadMaker& make_thread = MakeThread);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Calls are submitted to this object.
  Dispatcher& dispatcher() { return dispatcher_; }
  const Dispatcher& dispatcher() const { return dispatcher_; }

  void Stop();

 private:
  Reactor(const Options& options, std::unique_ptr<Poller> poller,
          std::unique_ptr<Connector> connector, Http1Transport::OnSilence on_silence,
          const ThreadMaker& make_thread);

  void Run();
  void Serve(Connection& connection, bool peer_ended);
  void WorkOn(Dispatcher::Agenda& agenda);
  void EndEarly(const Dispatcher::Early& early);
  void NoteSilence(SteadyTime since, SteadyTime until);
  void EndAll();

  const Http1Transport::OnSilence on_silence_;
  const std::unique_ptr<Poller> poller_;
  Dispatcher dispatcher_;
  // Connections to serve in the next turn, even without an event. Used by the event thread only.
  std::vector<std::shared_ptr<Connection>> unfinished_;
  std::thread thread_;  // last: Create starts it when all else is ready
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REACTOR_H_
