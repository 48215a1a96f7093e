#include "tests/end_to_end/support/cutting_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gateway::end_to_end {
namespace {

int Checked(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Connect(int port) {
  const int fd = Checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = Loopback(port);
  Checked(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  return fd;
}

bool WriteAll(int fd, const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t written = send(fd, data, static_cast<size_t>(size), MSG_NOSIGNAL);
    if (written <= 0) return false;
    data += written;
    size -= written;
  }
  return true;
}

}  // namespace

CuttingRelay::CuttingRelay(int target_port) : target_port_(target_port) {
  listener_ = Checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  Checked(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), "bind");
  Checked(listen(listener_, SOMAXCONN), "listen");
  Checked(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingRelay::~CuttingRelay() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  Cut();
  std::vector<std::thread> passers;
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : gateway_sides_) shutdown(fd, SHUT_RDWR);
    passers = std::move(passers_);
  }
  for (std::thread& passer : passers) passer.join();
  for (const int fd : client_sides_) close(fd);
  for (const int fd : gateway_sides_) close(fd);
  close(listener_);
}

void CuttingRelay::Cut() {
  const std::lock_guard lock(mutex_);
  for (const int fd : client_sides_) shutdown(fd, SHUT_RDWR);
}

void CuttingRelay::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int gateway = Connect(target_port_);
    const std::lock_guard lock(mutex_);
    client_sides_.push_back(client);
    gateway_sides_.push_back(gateway);
    passers_.emplace_back([=] { Pass(client, gateway); });
    passers_.emplace_back([=] { Pass(gateway, client); });
  }
}

void CuttingRelay::Pass(int from, int to) {
  char buffer[16384];
  while (true) {
    const ssize_t size = recv(from, buffer, sizeof buffer, 0);
    if (size <= 0 || !WriteAll(to, buffer, size)) return;
  }
}

}  // namespace gateway::end_to_end
