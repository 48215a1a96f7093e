#include "upstream/sandbox/http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "upstream/start_thread.h"

namespace gateway::sandbox {
namespace {

// Large enough that a client that opens a whole pool at once does not wait for a retransmitted SYN.
constexpr int kBacklog = 512;
constexpr absl::Duration kOutOfDescriptors = absl::Milliseconds(20);

bool IsLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// Returns a listening socket, or -1.
int ListenOn(const addrinfo& address) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket, kBacklog) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const Options& options, Serve serve) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  int socket = -1;
  if (::getaddrinfo(options.host.c_str(), absl::StrCat(options.port).c_str(), &hints, &found) ==
      0) {
    for (const addrinfo* one = found; one != nullptr && socket < 0; one = one->ai_next) {
      socket = ListenOn(*one);
    }
    ::freeaddrinfo(found);
  }
  if (socket < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options.host, ":", options.port));
  }
  std::unique_ptr<Listener> listener(
      new Listener(socket, PortOf(socket), options.connections, std::move(serve)));
  listener->accepting_ = std::thread([raw = listener.get()] { raw->Accept(); });
  return listener;
}

Listener::~Listener() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
    for (Served& served : served_) {
      if (!served.ended) served.connection->ShutDown();
    }
  }
  one_ended_.NotifyAll();
  ::shutdown(socket_, SHUT_RDWR);
  accepting_.join();
  const MutexLock lock(mu_);
  while (!served_.empty()) {
    while (!served_.front().ended) one_ended_.Wait(mu_);
    JoinEnded();
  }
  ::close(socket_);
}

bool Listener::stopping() const {
  const MutexLock lock(mu_);
  return stopping_;
}

void Listener::Accept() {
  while (true) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int socket = ::accept4(socket_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    const MutexLock lock(mu_);
    JoinEnded();
    while (socket >= 0 && !stopping_ && served_.size() >= connections_) {
      one_ended_.Wait(mu_);
      JoinEnded();
    }
    if (stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    if (socket < 0) {
      // No descriptor is free: wait until a connection ends.
      one_ended_.WaitUntil(mu_, SteadyTime::Now() + kOutOfDescriptors);
      continue;
    }
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    Served& served = served_.emplace_back();
    served.connection = std::make_unique<Connection>(socket, IsLoopback(peer));
    absl::StatusOr<std::thread> thread = StartThread([this, &served] { Run(served); });
    if (thread.ok()) {
      served.thread = *std::move(thread);
    } else {
      served_.pop_back();  // closes the connection
    }
  }
}

void Listener::Run(Served& served) {
  serve_(*served.connection);
  const MutexLock lock(mu_);
  served.connection.reset();
  served.ended = true;
  one_ended_.NotifyAll();
}

// Joins the threads of ended connections; they only have to return.
void Listener::JoinEnded() {
  std::list<Served> ended;
  for (auto one = served_.begin(); one != served_.end();) {
    const auto next = std::next(one);
    if (one->ended) ended.splice(ended.end(), served_, one);
    one = next;
  }
  const MutexUnlock unlock(mu_);
  for (Served& one : ended) one.thread.join();
}

}  // namespace gateway::sandbox
