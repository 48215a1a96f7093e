// Finds connections on which bytes come and nothing else does.
//
// gRPC 1.51 keeps header blocks without a bound (CVE-2023-33953), and cannot be told to look at
// what a connection has brought. The kernel knows: TCP_INFO. And channelz counts what came of it:
// calls that begin and end, messages in and out. A connection that has brought more than kMost
// bytes since the last of these has no reason for it, but for a large message that is being read.
//
//   ByteWatch watch({...});
//   for (const SocketAddress& peer : watch.Look(connections, sockets)) ... close it ...
//
// Thread-safety: one thread.
#ifndef SERVICE_PORT_GUARD_BYTE_WATCH_H_
#define SERVICE_PORT_GUARD_BYTE_WATCH_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "service/call/arrivals.h"
#include "service/port/guard/own_sockets.h"
#include "service/port/guard/server_sockets.h"

namespace gateway {

class ByteWatch {
 public:
  // On one connection: many times the largest metadata, and what HTTP/2 and TLS say of themselves.
  static constexpr int64_t kMost = int64_t{512} * 1024;

  struct Options {
    int64_t max_request_bytes = 0;
    // On all connections together.
    int64_t most_of_all = 0;
    // Messages that are being read; null: none ever is.
    const Arrivals* arrivals = nullptr;
  };

  explicit ByteWatch(const Options& options) : options_(options) {}

  // Those to close. `ids` are gRPC's, by peer.
  Peers Look(const std::vector<Connection>& connections,
             const absl::flat_hash_map<SocketAddress, int64_t>& ids);

 private:
  struct Track {
    int64_t bytes = 0;   // when something came of them last
    int64_t events = 0;  // all that came of them by then
    bool seen = false;   // in this look
  };
  struct Excess {
    int64_t bytes = 0;
    int64_t allowed = 0;
  };

  // What the connection has brought in vain.
  Excess InVain(const Connection& connection, int64_t id, Track& track) const;

  const Options options_;
  absl::flat_hash_map<SocketAddress, Track> tracks_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_BYTE_WATCH_H_
