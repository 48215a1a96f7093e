// Ends connections of the gRPC port so that the last answers arrive.
//
// gRPC 1.51 closes a connection as soon as the kernel has the last answer. If a PING or
// WINDOW_UPDATE of the peer is unread then, or arrives later, Linux sends a reset and drops what it
// has not sent yet: the caller of a write that was executed gets UNAVAILABLE. While an object of
// this class lives, a connection of its ports lingers instead if it has bytes that are unsent, or
// sent and not acknowledged: only its sending side is shut, and what the peer sends is read and
// dropped until the peer closes too.
//
// gRPC has no hook for this. lingering_close.cc defines shutdown(), which gRPC calls before
// close(), in place of libc's.
//
// Thread-safe. The destructor closes the connections that still linger.
#ifndef SERVICE_PORT_GUARD_LINGERING_CLOSE_H_
#define SERVICE_PORT_GUARD_LINGERING_CLOSE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class LingeringClose {
 public:
  // A connection is closed after this time, or after so many bytes from its peer.
  static constexpr absl::Duration kLongest = absl::Seconds(5);
  static constexpr int64_t kMostBytes = int64_t{16} << 20;
  // The most connections that linger at a time. Further connections are closed at once, as by gRPC.
  static constexpr size_t kMost = 256;

  // For the connections whose local port is one of these.
  explicit LingeringClose(std::set<int> ports);
  ~LingeringClose();
  LingeringClose(const LingeringClose&) = delete;
  LingeringClose& operator=(const LingeringClose&) = delete;

  // Returns when the peers have what was sent on all connections that linger, or at `end`.
  void AwaitSent(SteadyTime end);

  // For shutdown(): shuts the sending side and lets the connection linger. Returns false, and does
  // nothing, if `fd` is no connection of an object's ports, has no unsent bytes, or cannot linger.
  static bool Take(int fd);
  // Shuts both sides at once, even if bytes are lost: for connections that the guard closes.
  static void ThrowOut(int fd);

 private:
  struct Lingering {
    int fd;
    SteadyTime end;
    int64_t bytes = 0;
  };

  bool Owns(int port) const { return ports_.count(port) > 0; }
  bool Add(int fd);
  void Run();
  // Reads and drops what the peer has sent. Returns whether the connection is to be closed.
  static bool Drop(Lingering& connection);

  const std::set<int> ports_;
  const int wake_;
  Mutex mutex_;
  std::vector<Lingering> open_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_LINGERING_CLOSE_H_
