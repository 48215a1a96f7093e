// Ends connections of the gRPC port so that the last answers arrive.
//
// gRPC 1.51 closes a connection as soon as the kernel has the last answer. If the peer's PING or
// WINDOW_UPDATE crosses it, Linux answers the close with a reset and drops what it has not sent
// yet: the caller of a write that was executed hears UNAVAILABLE. While an object of this class
// lives, a connection of its ports that has unsent bytes, or sent ones that the peer has not
// acknowledged, is shut in its sending half alone; what the peer sends is read and dropped until
// the peer closes, too.
//
// gRPC has no hook for it. lingering_close.cc defines shutdown(), which gRPC calls before close(),
// in place of libc's.
//
// Thread-safe. The destructor closes at once what still lingers.
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
  // A peer that does not close, or goes on sending, is not waited for any longer.
  static constexpr absl::Duration kLongest = absl::Seconds(5);
  static constexpr int64_t kMostBytes = int64_t{16} << 20;
  // More connections do not linger at a time: they are closed as gRPC closes them.
  static constexpr size_t kMost = 256;

  // For the connections whose local port is one of these.
  explicit LingeringClose(std::set<int> ports);
  ~LingeringClose();
  LingeringClose(const LingeringClose&) = delete;
  LingeringClose& operator=(const LingeringClose&) = delete;

  // Returns when the peers have what was sent on all connections that linger, or at `end`.
  void AwaitSent(SteadyTime end);

  // For shutdown(): shuts the sending half and lets the connection linger. Returns false, and has
  // done nothing, if it is no connection of these ports or has nothing to lose.
  static bool Take(int fd);
  // Both halves at once, whatever is lost: for peers that are thrown out.
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
  // Drops what has come. Returns whether the connection is over.
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
