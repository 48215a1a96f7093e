// The connections of this process's gRPC servers, as channelz shows them.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_PORT_GUARD_SERVER_SOCKETS_H_
#define SERVICE_PORT_GUARD_SERVER_SOCKETS_H_

#include <cstdint>
#include <vector>

#include "service/port/guard/own_sockets.h"

namespace gateway {

// Calls so far.
struct ServerCalls {
  int64_t started = 0;
  int64_t succeeded = 0;  // answered, with whatever status
  int64_t failed = 0;     // broken off by the client
};

struct ServerSocket {
  int64_t id = 0;
  ServerCalls calls;
  int64_t messages_received = 0;
  int64_t messages_sent = 0;
  SocketAddress peer;
};

// Of all servers together.
ServerCalls CallsOfServers();

// Of all connections, the oldest first. An id is this process's, grows, and is never used again.
std::vector<int64_t> ServerSocketIds();

ServerSocket DescribeServerSocket(int64_t id);

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_SERVER_SOCKETS_H_
