// Closes connections that are misused. gRPC 1.51 has no limits for these:
//
// - Connections whose client breaks off calls faster than an honest client does. A reset is cheap
//   for the client and costs the server a call ("rapid reset").
// - Connections beyond the most that a port may have. The guard first closes all connections that
//   are still in their handshake, then the newest of the address that has the most. A process
//   without free descriptors can neither accept connections nor open any.
// - Connections on which bytes arrive but calls make no progress (see byte_watch.h).
//
// gRPC shows the counters of each connection through channelz, but offers no way to close one. So
// the guard finds the connection's socket among the process's own, by the address of its peer, and
// shuts the socket down; gRPC then ends its calls as after any lost connection. While few calls are
// broken off, a look costs little, no matter how many connections there are.
//
//   ConnectionGuard guard({.ports = {{50051, 10000}}, ...});  // looks in a thread of its own
//
// Thread-safety: one thread. Lifetime: the servers of this process should outlive it.
#ifndef SERVICE_PORT_GUARD_CONNECTION_GUARD_H_
#define SERVICE_PORT_GUARD_CONNECTION_GUARD_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "service/call/arrivals.h"
#include "service/log/log_throttle.h"
#include "service/port/guard/byte_watch.h"
#include "service/port/guard/own_sockets.h"
#include "service/port/guard/resident_memory.h"
#include "service/port/guard/server_sockets.h"
#include "upstream/mutex.h"

namespace gateway {

class ConnectionGuard {
 public:
  // One of this process's servers.
  struct Port {
    int number = 0;
    size_t max_connections = 0;
  };

  struct Options {
    std::vector<Port> ports = {};
    // Calls per second that a client may break off on one connection; also the burst. 0: no limit.
    int64_t max_resets_per_second = 0;
    // Calls that a client may have open on one connection.
    int64_t max_streams = 0;
    ByteWatch::Options bytes = {};
    // The guard calls Sweep() on this every 10 ms; null: nothing is swept. Must outlive the guard.
    Arrivals* arrivals = nullptr;
  };

  explicit ConnectionGuard(const Options& options);
  ~ConnectionGuard();
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  bool IsTimeToLook(Clock::time_point now);
  void Look(Clock::time_point now);
  // Learns the peers of connections that are new, and forgets those that are gone.
  void Learn(const std::vector<int64_t>& ids);
  // Looks at each connection's socket, which costs four system calls.
  void LookAtSockets(Clock::time_point now);
  void CloseBeyondMost(const std::vector<Connection>& connections);
  // Returns which of the port's connections to close.
  Peers Beyond(const Port& port, const std::vector<const Connection*>& connections) const;
  void Tell(const char* what, size_t connections);
  // Whether some connection may have broken off too many calls since the last look.
  bool Suspicious(Clock::time_point now);
  void CloseResetting(const std::vector<int64_t>& ids, Clock::time_point now);

  const Options options_;
  const std::vector<int> ports_;
  const int64_t max_connections_;  // the sum of all ports

  // A token bucket: how many more calls a connection may break off.
  struct Bucket {
    int64_t broken_off = 0;  // so far
    double left = 0;
    Clock::time_point filled;
  };

  // Used by the thread only.
  OwnSockets sockets_;
  ByteWatch bytes_;
  ResidentMemory memory_;
  size_t memory_then_ = 0;  // at the last look
  Clock::time_point looked_;
  Clock::time_point looked_at_sockets_;
  Clock::duration look_took_{};
  int64_t newest_ = 0;  // id of the last look's newest connection
  // The channelz ids of all connections that have completed their handshake, by peer.
  absl::flat_hash_map<SocketAddress, int64_t> ids_;
  ServerCalls calls_;                  // at the last look
  std::map<int64_t, Bucket> buckets_;  // by id; empty while few calls are broken off
  Clock::time_point suspected_;
  LogThrottle log_limit_{absl::Seconds(1)};

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_CONNECTION_GUARD_H_
