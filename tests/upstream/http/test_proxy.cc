#include "tests/upstream/http/test_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::http {
namespace {

int NotNegative(int result, const char* what) {
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

// Reads exactly `size` bytes; fewer if the client closed.
std::string Read(int fd, size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = recv(fd, bytes.data(), size, MSG_WAITALL);
  bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return bytes;
}

void Write(int fd, absl::string_view bytes) {
  [[maybe_unused]] const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// Forwards available bytes. Returns false at the end.
bool Pass(int from, int to) {
  char bytes[16384];
  const ssize_t count = recv(from, bytes, sizeof(bytes), 0);
  if (count <= 0) return false;
  Write(to, {bytes, static_cast<size_t>(count)});
  return true;
}

}  // namespace

TestProxy::TestProxy(Kind kind, std::string credentials, int target_port)
    : kind_(kind), credentials_(std::move(credentials)), target_port_(target_port) {
  listener_ = NotNegative(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  NotNegative(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
  NotNegative(listen(listener_, 16), "listen");
  NotNegative(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
  stop_ = NotNegative(eventfd(0, EFD_CLOEXEC), "eventfd");
  acceptor_ = std::thread([this] { Accept(); });
}

TestProxy::~TestProxy() {
  const uint64_t one = 1;
  NotNegative(static_cast<int>(write(stop_, &one, sizeof(one))), "write to eventfd");
  acceptor_.join();
  for (std::thread& tunnel : tunnels_) tunnel.join();
  close(listener_);
  close(stop_);
}

std::string TestProxy::Url() const {
  return absl::StrCat(kind_ == Kind::kHttp ? "http" : "socks5h", "://127.0.0.1:", port_);
}

std::vector<std::string> TestProxy::asked() const {
  return asked_.Read([](const std::vector<std::string>& asked) { return asked; });
}

void TestProxy::Note(std::string target) {
  asked_.With([&](std::vector<std::string>& asked) { asked.push_back(std::move(target)); });
}

void TestProxy::Accept() {
  while (true) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    const int client = NotNegative(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), "accept");
    tunnels_.emplace_back([this, client] { Serve(client); });
  }
}

void TestProxy::Serve(int client) {
  if (kind_ == Kind::kHttp ? AgreeHttp(client) : AgreeSocks5(client)) Tunnel(client);
  close(client);
}

bool TestProxy::AgreeHttp(int client) {
  std::string head;
  while (!absl::EndsWith(head, "\r\n\r\n")) {
    const std::string byte = Read(client, 1);
    if (byte.empty()) return false;
    head += byte;
  }
  const std::vector<std::string> words = absl::StrSplit(head, absl::MaxSplits(' ', 2));
  if (words[0] != "CONNECT") return false;
  const std::string expected =
      absl::StrCat("\r\nProxy-Authorization: Basic ", absl::Base64Escape(credentials_), "\r\n");
  if (!credentials_.empty() && !absl::StrContains(head, expected)) {
    Write(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    return false;
  }
  Note(words[1]);
  Write(client, "HTTP/1.1 200 Connection established\r\n\r\n");
  return true;
}

// The parts of RFC 1928 and RFC 1929 that a client needs for requests by name.
bool TestProxy::AgreeSocks5(int client) {
  const std::string greeting = Read(client, 2);
  if (greeting.size() < 2) return false;
  Read(client, static_cast<size_t>(greeting[1]));
  Write(client, credentials_.empty() ? absl::string_view("\5\0", 2) : "\5\2");
  if (!credentials_.empty()) {
    const std::string user = Read(client, static_cast<size_t>(Read(client, 2)[1]));
    const std::string password = Read(client, static_cast<size_t>(Read(client, 1)[0]));
    const bool good = absl::StrCat(user, ":", password) == credentials_;
    Write(client, good ? absl::string_view("\1\0", 2) : "\1\1");
    if (!good) return false;
  }
  const std::string request = Read(client, 5);
  constexpr char kByName = 3;
  if (request.size() < 5 || request[3] != kByName) return false;
  const std::string name = Read(client, static_cast<size_t>(request[4]));
  const std::string port = Read(client, 2);
  Note(absl::StrCat(
      name, ":", static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1])));
  Write(client, absl::string_view("\5\0\0\1\0\0\0\0\0\0", 10));
  return true;
}

void TestProxy::Tunnel(int client) {
  const int target = NotNegative(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = Loopback(target_port_);
  NotNegative(connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              "connect");
  while (true) {
    pollfd waiting[] = {{client, POLLIN, 0}, {target, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 3, -1);
    if (waiting[2].revents != 0) break;
    if (waiting[0].revents != 0 && !Pass(client, target)) break;
    if (waiting[1].revents != 0 && !Pass(target, client)) break;
  }
  close(target);
}

}  // namespace gateway::http
