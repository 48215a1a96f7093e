#include "service/port/guard/own_sockets.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "service/port/guard/lingering_close.h"

namespace gateway {
namespace {

std::string Plain(std::string ip) {
  static const std::string kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (ip.size() == 16 && ip.compare(0, 12, kMapped) == 0) ip.erase(0, 12);
  return ip;
}

// Returns the address from getpeername or getsockname.
template <typename GetName>
SocketAddress AddressOf(GetName get_name, int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (get_name(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    return {std::string(reinterpret_cast<const char*>(&in.sin_addr), 4), ntohs(in.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    return {Plain(std::string(reinterpret_cast<const char*>(&in6.sin6_addr), 16)),
            ntohs(in6.sin6_port)};
  }
  return {};
}

int64_t BytesReceived(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return static_cast<int64_t>(info.tcpi_bytes_received);
}

// A descriptor that is always open. held_ is a copy of it while no connection is shut down.
constexpr int kNothing = STDERR_FILENO;

}  // namespace

OwnSockets::OwnSockets()
    : directory_(opendir("/proc/self/fd")), held_(fcntl(kNothing, F_DUPFD_CLOEXEC, 0)) {}

OwnSockets::~OwnSockets() {
  if (directory_ != nullptr) closedir(directory_);
  if (held_ >= 0) close(held_);
}

bool OwnSockets::MoreThan(int64_t most) {
  // The copy gets the lowest free number, so all numbers below it are taken.
  const int lowest = fcntl(kNothing, F_DUPFD_CLOEXEC, 0);
  if (lowest < 0) return errno == EMFILE;
  close(lowest);
  return lowest > most;
}

size_t OwnSockets::ShutDown(const Peers& peers) {
  size_t found = 0;
  for (const int fd : List()) {
    if (found == peers.size()) break;
    if (peers.contains(AddressOf(getpeername, fd)) && ShutDownIf(peers, fd)) ++found;
  }
  return found;
}

std::vector<Connection> OwnSockets::Connections(const std::vector<int>& ports) {
  std::vector<Connection> connections;
  for (const int fd : List()) {
    Connection connection;
    connection.peer = AddressOf(getpeername, fd);
    if (connection.peer.port == 0) continue;
    connection.port = AddressOf(getsockname, fd).port;
    if (!absl::c_linear_search(ports, connection.port)) continue;
    connection.bytes_received = BytesReceived(fd);
    connections.push_back(std::move(connection));
  }
  return connections;
}

std::vector<int> OwnSockets::List() {
  std::vector<int> open;
  if (directory_ == nullptr) return open;
  rewinddir(directory_);
  while (const dirent* const entry = readdir(directory_)) {
    int fd = -1;
    if (absl::SimpleAtoi(entry->d_name, &fd) && fd != held_) open.push_back(fd);
  }
  return open;
}

// The owner may close the descriptor at any time, and its number may then be reused. So this
// function makes a copy, checks the peer again, and shuts the connection down through the copy. The
// copy does not outlive this function: while it is open, the owner's close() does not end the
// connection.
bool OwnSockets::ShutDownIf(const Peers& peers, int fd) const {
  if (dup3(fd, held_, O_CLOEXEC) < 0) return false;
  const bool is_it = peers.contains(AddressOf(getpeername, held_));
  if (is_it) LingeringClose::ThrowOut(held_);
  dup3(kNothing, held_, O_CLOEXEC);
  return is_it;
}

}  // namespace gateway
