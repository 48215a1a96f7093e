// The TCP connections among the descriptors of this process, to be shut down from outside of the
// library that owns them. Works when no descriptor is left, too: it has those that it needs.
//
// Thread-safety: one thread.
#ifndef SERVICE_OWN_SOCKETS_H_
#define SERVICE_OWN_SOCKETS_H_

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
  // The connection of this descriptor: looked at, and perhaps shut down, through one of our own,
  // since its owner may close it, and the number be another's, at any time.
  SocketAddress Hold(int fd) const;
  int HeldLocalPort() const;
  int64_t HeldBytesReceived() const;
  void ShutDownHeld() const;

  DIR* const directory_;  // null where the system does not show them
  const int held_;
};

}  // namespace gateway

#endif  // SERVICE_OWN_SOCKETS_H_
