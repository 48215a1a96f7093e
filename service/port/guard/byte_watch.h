// Finds connections on which bytes arrive but calls make no progress.
//
// gRPC 1.51 keeps header blocks without a bound (CVE-2023-33953), and has no option that limits
// what a connection may send. The kernel counts the bytes of a connection (TCP_INFO), and channelz
// counts its progress: calls that begin and end, messages in and out. Only a large message that is
// being read may bring more than kMost bytes without progress.
//
//   ByteWatch watch({...});
//   for (const SocketAddress& peer : watch.Look(connections, ids)) ... close the connection ...
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
  // The most bytes on one connection without progress. Far more than the largest metadata and the
  // overhead of HTTP/2 and TLS.
  static constexpr int64_t kMost = int64_t{512} * 1024;

  struct Options {
    int64_t max_request_bytes = 0;
    // The most bytes without progress on all connections together.
    int64_t most_of_all = 0;
    // The calls whose messages are being read. Null: no message is ever read.
    const Arrivals* arrivals = nullptr;
  };

  explicit ByteWatch(const Options& options) : options_(options) {}

  // Returns the peers whose connections to close. `ids` are channelz ids, by peer.
  Peers Look(const std::vector<Connection>& connections,
             const absl::flat_hash_map<SocketAddress, int64_t>& ids);

  // How many bytes all connections have received until the last Look.
  int64_t received() const { return received_; }

 private:
  struct Track {
    int64_t received = 0;  // until the last Look
    int64_t bytes = 0;     // received at the last progress
    int64_t events = 0;    // EventsOf() at the last progress
    bool seen = false;     // in the present Look
  };
  struct Excess {
    int64_t bytes = 0;
    int64_t allowed = 0;
  };

  // The bytes that the connection has received since its last progress, and how many are allowed.
  Excess InVain(const Connection& connection, int64_t id, Track& track) const;

  const Options options_;
  absl::flat_hash_map<SocketAddress, Track> tracks_;
  int64_t received_ = 0;
};

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_BYTE_WATCH_H_
