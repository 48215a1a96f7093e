// Include this header in one source file of a program that makes calls through gRPC. The symbol is
// weak, so a second inclusion does no harm.
//
// gRPC 1.51 reads the errno of connect() too late (tcp_client_posix.cc): after it has allocated
// memory and locked mutexes, either of which may change errno. It then takes EINPROGRESS for
// another error, and the connection fails. Seen were "Invalid argument" in about one of 2,000
// connections on Debian 13 (Abseil's prctl(PR_SET_VMA), which this kernel refuses), and "No such
// file or directory" on a busy Debian 12 (probably Abseil's search for the clock's frequency in
// /sys).
//
// The connect() below replaces libc's. If the peer is on this machine, it returns only when the
// connection is made or refused, so gRPC has no errno to read. It waits for 100 ms at most.
#ifndef TOOLS_GRPC_CALL_LOCAL_CONNECT_H_
#define TOOLS_GRPC_CALL_LOCAL_CONNECT_H_

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gateway::grpc_call {

inline bool IsOnThisMachine(const sockaddr* peer, socklen_t size) {
  if (peer->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in address;
    std::memcpy(&address, peer, sizeof(address));
    return (ntohl(address.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  if (peer->sa_family != AF_INET6 || size < sizeof(sockaddr_in6)) return false;
  sockaddr_in6 address;
  std::memcpy(&address, peer, sizeof(address));
  const in6_addr& ip = address.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&ip) ||
         (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == IN_LOOPBACKNET);
}

}  // namespace gateway::grpc_call

extern "C" __attribute__((weak)) int connect(int fd, const sockaddr* peer, socklen_t size) {
  const auto result = static_cast<int>(syscall(SYS_connect, fd, peer, size));
  if (result == 0 || errno != EINPROGRESS) return result;
  if (!gateway::grpc_call::IsOnThisMachine(peer, size)) return result;
  pollfd made{fd, POLLOUT, 0};
  if (poll(&made, 1, 100) != 1) {
    errno = EINPROGRESS;
    return -1;
  }
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  errno = error;
  return error == 0 ? 0 : -1;
}

#endif  // TOOLS_GRPC_CALL_LOCAL_CONNECT_H_
