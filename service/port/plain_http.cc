#include "service/port/plain_http.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway {
namespace {

constexpr int kBacklog = 128;
// The pause while no descriptor is left: the listener stays readable, so poll returns at once.
constexpr std::chrono::milliseconds kPauseWithoutDescriptor{20};
constexpr char kEndOfHead[] = "\r\n\r\n";

struct FreeAddress {
  void operator()(addrinfo* address) const { freeaddrinfo(address); }
};

// Returns a listening socket, or a negative number on failure.
int Listen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return -1;
  std::string host = listen.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), listen.c_str() + colon + 1, &hints, &found) != 0) return -1;
  const std::unique_ptr<addrinfo, FreeAddress> address(found);
  const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

const char* NameOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

std::string Written(const PlainHttp::Answer& answer) {
  return absl::StrCat("HTTP/1.1 ", answer.status, " ", NameOf(answer.status),
                      "\r\nContent-Type: ", answer.type, "\r\nContent-Length: ", answer.body.size(),
                      "\r\nConnection: close\r\n\r\n", answer.body);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PlainHttp>> PlainHttp::Create(const std::string& listen,
                                                             Respond respond) {
  const int listener = Listen(listen);
  if (listener < 0) return absl::UnavailableError(absl::StrCat("cannot listen on ", listen));
  return std::unique_ptr<PlainHttp>(new PlainHttp(listener, PortOf(listener), std::move(respond)));
}

PlainHttp::PlainHttp(int listener, int port, Respond respond)
    : listener_(listener),
      port_(port),
      wake_(eventfd(0, EFD_CLOEXEC)),
      respond_(std::move(respond)),
      thread_([this] { Run(); }) {}

PlainHttp::~PlainHttp() {
  const uint64_t one = 1;
  while (write(wake_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  thread_.join();
  for (const Client& client : clients_) close(client.fd);
  close(listener_);
  close(wake_);
}

void PlainHttp::Run() {
  while (true) {
    std::vector<pollfd> waiting = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Client& client : clients_) {
      const int events = client.output.empty() ? POLLIN : POLLIN | POLLOUT;
      waiting.push_back({client.fd, static_cast<short>(events), 0});
    }
    int timeout = -1;
    if (!clients_.empty()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(clients_.front().end - Clock::now());
      timeout = static_cast<int>(std::max<int64_t>(left.count(), 0));
    }
    if (poll(waiting.data(), waiting.size(), timeout) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0) return;
    size_t i = 2;
    for (auto client = clients_.begin(); client != clients_.end(); ++i) {
      const int events = waiting[i].revents;
      const bool over = Clock::now() >= client->end ||
                        ((events & ~POLLOUT) != 0 && !Take(*client)) ||
                        ((events & POLLOUT) != 0 && !Give(*client));
      if (over) {
        close(client->fd);
        client = clients_.erase(client);
      } else {
        ++client;
      }
    }
    if (waiting[1].revents != 0) Accept();
  }
}

void PlainHttp::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      std::this_thread::sleep_for(kPauseWithoutDescriptor);
    }
    return;
  }
  if (clients_.size() >= kMost) {
    close(clients_.front().fd);
    clients_.pop_front();
  }
  clients_.push_back({.fd = fd, .end = Clock::now() + kPatience, .input = "", .output = ""});
}

bool PlainHttp::Take(Client& client) const {
  char bytes[kMostBytes];
  const ssize_t size = recv(client.fd, bytes, sizeof(bytes), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  if (client.answered) return true;
  client.input.append(bytes, static_cast<size_t>(size));
  const size_t end = client.input.find(kEndOfHead);
  if (end == std::string::npos && client.input.size() < kMostBytes) return true;
  client.output =
      Written(end == std::string::npos ? Answer{431, "too large\n"}
                                       : AnswerTo(absl::string_view(client.input).substr(0, end)));
  client.answered = true;
  return Give(client);
}

// Sends as much as the socket takes now. At the end shuts down only the sending side, and lets the
// peer close the connection, so that no byte is lost.
bool PlainHttp::Give(Client& client) {
  const ssize_t size = send(client.fd, client.output.data(), client.output.size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  client.output.erase(0, static_cast<size_t>(size));
  if (client.output.empty()) shutdown(client.fd, SHUT_WR);
  return true;
}

PlainHttp::Answer PlainHttp::AnswerTo(absl::string_view head) const {
  const absl::string_view line = head.substr(0, head.find("\r\n"));
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.")) return {400, "no HTTP/1.1\n"};
  if (words[0] != "GET") return {405, "GET alone\n"};
  return respond_(words[1].substr(0, words[1].find('?')));
}

}  // namespace gateway
