// Closes connections that a peer has no good reason for. gRPC 1.51 has no limit for them.
//
// - Whose client breaks off calls faster than anybody would: each reset is cheap for the one who
//   sends it, and costs a call here ("rapid reset").
// - Beyond a number of connections to a port, first of all those that are not through their
//   handshake, then the newest of the address that has the most: a process without descriptors can
//   neither take connections nor make them.
// - On which bytes come and nothing else does (see byte_watch.h).
//
// What gRPC counts for each of its connections, it shows through channelz, and it offers no way to
// close one. So the guard finds the connection's socket among the process's own, by the address of
// its peer, and shuts it down; gRPC then ends its calls as after any lost
// connection. While nobody breaks off many calls, a look costs little, however many there are.
//
//   ConnectionGuard guard({.ports = {{50051, 10000}}, ...});  // looks in a thread of its own
//
// Thread-safety: one thread. Lifetime: the servers of this process should outlive it.
#ifndef SERVICE_PORT_GUARD_CONNECTION_GUARD_H_
#define SERVICE_PORT_GUARD_CONNECTION_GUARD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "service/call/arrivals.h"
#include "service/log/log_throttle.h"
#include "service/port/guard/byte_watch.h"
#include "service/port/guard/own_sockets.h"
#include "service/port/guard/resident_memory.h"
#include "service/port/guard/server_sockets.h"

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
    // Calls that a client may break off on one connection; as many at once. 0: no limit.
    int64_t max_resets_per_second = 0;
    // Calls that it may have open.
    int64_t max_streams = 0;
    ByteWatch::Options bytes = {};
    // Swept at each glance; null: there are none. Outlives the guard.
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
  // Of the port's connections, those to close.
  Peers Beyond(const Port& port, const std::vector<const Connection*>& connections) const;
  void Tell(const char* what, size_t connections);
  // Whether some connection may have broken off more calls than it may since the last look.
  bool Suspicious(Clock::time_point now);
  void CloseResetting(const std::vector<int64_t>& ids, Clock::time_point now);

  const Options options_;
  const std::vector<int> ports_;
  const int64_t max_connections_;  // of all ports

  // What a connection may break off, as a bucket.
  struct Bucket {
    int64_t broken_off = 0;  // so far
    double left = 0;
    Clock::time_point filled;
  };

  // The thread's own.
  OwnSockets sockets_;
  ByteWatch bytes_;
  ResidentMemory memory_;
  size_t memory_then_ = 0;  // at the last look
  Clock::time_point looked_;
  Clock::time_point looked_at_sockets_;
  Clock::duration look_took_{};
  int64_t newest_ = 0;  // id of the last look's newest connection
  // Of all connections that are through their handshake.
  absl::flat_hash_map<SocketAddress, int64_t> ids_;
  ServerCalls calls_;                  // at the last look
  std::map<int64_t, Bucket> buckets_;  // by id; while calls are broken off in numbers
  Clock::time_point suspected_;
  LogThrottle log_limit_{absl::Seconds(1)};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_

  std::thread thread_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_CONNECTION_GUARD_H_
