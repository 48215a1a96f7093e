// The TCP connections among the descriptors of this process, to be shut down from outside of the
// library that owns them. Works when no descriptor is left, too: it has those that it needs.
//
// No descriptor is copied for a look. While a copy of a connection is open, close() does not end
// the connection; and when a copy of a file is closed, the process loses its POSIX locks on that
// file.
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
  // As on the wire: 4 or 16 bytes; empty for what is no TCP socket. IPv4 that came in through an
  // IPv6 socket is IPv4.
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

  // Whether more than `most` descriptors are open. Costs next to nothing; near the process's limit
  // it is always right, before that it may say no too often.
  static bool MoreThan(int64_t most);

  // Of this process, whatever they are.
  int64_t CountDescriptors() { return static_cast<int64_t>(List().size()); }

  // Shuts down the connections with these peers. Returns how many were found.
  size_t ShutDown(const Peers& peers);

  // To these ports of ours.
  std::vector<Connection> Connections(const std::vector<int>& ports);

 private:
  // Of all that are open.
  std::vector<int> List();
  // Shuts the descriptor's connection down if it is one with these peers.
  bool ShutDownIf(const Peers& peers, int fd) const;

  DIR* const directory_;  // null where the system does not show them
  const int held_;        // a copy of the connection that is being shut down
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_OWN_SOCKETS_H_
