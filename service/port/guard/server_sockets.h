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

// The calls of all servers together.
ServerCalls CallsOfServers();

// The channelz ids of all connections, the oldest first. Ids are unique in this process and ascend.
std::vector<int64_t> ServerSocketIds();

ServerSocket DescribeServerSocket(int64_t id);

}  // namespace gateway

#endif  // SERVICE_PORT_GUARD_SERVER_SOCKETS_H_
