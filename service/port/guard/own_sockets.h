// Finds the TCP connections among this process's descriptors, and shuts them down without the
// library that owns them. Also works when no descriptor is free: it keeps those that it needs open.
//
// List and Connections copy no descriptor, for two reasons. While a copy of a connection is open,
// close() does not end the connection. When a copy of a file is closed, the process loses its POSIX
// locks on that file.
//
// Thread-safety: one thread.
#ifndef SERVICE_PORT_GUARD_OWN_SOCKETS_H_
#define SERVICE_PORT_GUARD_OWN_SOCKETS_H_

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace gateway {

struct SocketAddress {
  // As on the wire: 4 or 16 bytes; empty if the socket has no IP address. An IPv4 address that is
  // mapped into IPv6 is stored as IPv4.
  std::string ip;
  int port = 0;

  bool operator==(const SocketAddress&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const SocketAddress& address) {
    return H::combine(std::move(state), address.ip, address.port);
  }
};

using Peers = absl::flat_hash_set<SocketAddress>;

// A TCP connection of this process.
struct Connection {
  SocketAddress peer;
  int port = 0;  // ours
  int64_t bytes_received = 0;
};

class OwnSockets {
 public:
  OwnSockets();
  ~OwnSockets();
  OwnSockets(const OwnSockets&) = delete;
  OwnSockets& operator=(const OwnSockets&) = delete;

  // Whether more than `most` descriptors are open. Very cheap. May return false by mistake while
  // descriptors with lower numbers are free, but not near the process's limit.
  static bool MoreThan(int64_t most);

  // Shuts down the connections with these peers. Returns how many were found.
  size_t ShutDown(const Peers& peers);

  // Returns the connections to these local ports.
  std::vector<Connection> Connections(const std::vector<int>& ports);

 private:
  // Returns all open descriptors except held_.
  std::vector<int> List();
  // Shuts the descriptor's connection down if it is one with these peers.
  bool ShutDownIf(const Peers& peers, int fd) const;

  DIR* const directory_;  // null if the system has no /proc
  const int held_;        // for a copy of the connection that is being shut down
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_OWN_SOCKETS_H_
