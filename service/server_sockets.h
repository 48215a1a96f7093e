// The connections of this process's gRPC servers, as channelz shows them.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_SERVER_SOCKETS_H_
#define SERVICE_SERVER_SOCKETS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace gateway {

struct ServerSocket {
  int64_t id = 0;  // of this process's, never used again
  // Calls so far.
  int64_t started = 0;
  int64_t succeeded = 0;  // answered, with whatever status
  int64_t failed = 0;     // broken off by the client
  std::string address;    // of the peer: 4 or 16 bytes; empty where it has none
  int port = 0;
};

std::vector<ServerSocket> ServerSockets();

// Shuts down the connection from this peer to `local_port` of this process. False where there is
// none.
bool ShutDown(const ServerSocket& socket, int local_port);

}  // namespace gateway

#endif  // SERVICE_SERVER_SOCKETS_H_
