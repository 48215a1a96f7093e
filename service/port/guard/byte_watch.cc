#include "service/port/guard/byte_watch.h"

#include <algorithm>
#include <utility>

namespace gateway {
namespace {

// With fewer bytes than this since the last progress, channelz is not asked.
constexpr int64_t kWorthALook = ByteWatch::kMost / 4;

// Adds an eighth for the HTTP/2 frames and TLS records around a message. They take less than this.
int64_t OnTheWire(int64_t bytes) { return bytes + bytes / 8; }

int64_t EventsOf(const ServerSocket& socket) {
  return socket.calls.started + socket.calls.succeeded + socket.calls.failed +
         socket.messages_received + socket.messages_sent;
}

// Calls that are open and whose message may not have arrived yet.
int64_t UnfinishedOf(const ServerSocket& socket) {
  const int64_t open = socket.calls.started - socket.calls.succeeded - socket.calls.failed;
  return std::max<int64_t>(std::min(open, socket.calls.started - socket.messages_received), 0);
}

}  // namespace

ByteWatch::Excess ByteWatch::InVain(const Connection& connection, int64_t id, Track& track) const {
  Excess excess{connection.bytes_received - track.bytes, kMost};
  if (excess.bytes < kWorthALook) return {0, kMost};
  const ServerSocket socket = DescribeServerSocket(id);
  const int64_t events = EventsOf(socket);
  if (events != track.events) {
    track.bytes = connection.bytes_received;
    track.events = events;
    return {0, kMost};
  }
  // A caller without permission gets no message read, so it gets no allowance for one.
  const int64_t reading =
      options_.arrivals == nullptr ? 0 : static_cast<int64_t>(options_.arrivals->size());
  excess.allowed += std::min(UnfinishedOf(socket), reading) * OnTheWire(options_.max_request_bytes);
  return excess;
}

Peers ByteWatch::Look(const std::vector<Connection>& connections,
                      const absl::flat_hash_map<SocketAddress, int64_t>& ids) {
  Peers beyond;
  int64_t sum = 0;
  std::vector<std::pair<int64_t, SocketAddress>> all;
  for (auto& [peer, track] : tracks_) track.seen = false;
  for (const Connection& connection : connections) {
    const auto id = ids.find(connection.peer);
    // A connection in its handshake: the time and number of these are bounded elsewhere.
    if (id == ids.end()) continue;
    Track& track = tracks_[connection.peer];
    track.seen = true;
    received_ += std::max<int64_t>(connection.bytes_received - track.received, 0);
    track.received = connection.bytes_received;
    const Excess excess = InVain(connection, id->second, track);
    if (excess.bytes > excess.allowed) {
      beyond.insert(connection.peer);
    } else if (excess.bytes > 0) {
      all.emplace_back(excess.bytes, connection.peer);
      sum += excess.bytes;
    }
  }
  absl::erase_if(tracks_, [](const auto& entry) { return !entry.second.seen; });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [bytes, peer] : all) {
    if (sum <= options_.most_of_all) break;
    beyond.insert(peer);
    sum -= bytes;
  }
  return beyond;
}

}  // namespace gateway
