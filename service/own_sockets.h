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

  // If there are more than `most` connections to these ports of ours: shuts down all but those with
  // these peers. Returns their number.
  size_t ShutDownOthers(const Peers& peers, const std::vector<int>& ports, size_t most);

 private:
  // Of all that are open.
  std::vector<int> List();
  // The connection of this descriptor: looked at, and perhaps shut down, through one of our own,
  // since its owner may close it, and the number be another's, at any time.
  SocketAddress Hold(int fd) const;
  int HeldLocalPort() const;
  void ShutDownHeld() const;

  DIR* const directory_;  // null where the system does not show them
  const int held_;
};

}  // namespace gateway

#endif  // SERVICE_OWN_SOCKETS_H_
