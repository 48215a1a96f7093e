#include "upstream/sandbox/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gateway::sandbox {
namespace {

constexpr int kIoTimeoutMs = 10000;

}  // namespace

bool OpenSockets::Add(int socket) {
  const std::lock_guard<std::mutex> lock(mu_);
  if (!shut_down_) sockets_.insert(socket);
  return !shut_down_;
}

void OpenSockets::Remove(int socket) {
  const std::lock_guard<std::mutex> lock(mu_);
  sockets_.erase(socket);
}

void OpenSockets::ShutDown() {
  const std::lock_guard<std::mutex> lock(mu_);
  shut_down_ = true;
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RD);
}

bool Connection::Wait(short events, int timeout_ms) const {
  pollfd poll_for{socket_, events, 0};
  int ready;
  do {
    ready = ::poll(&poll_for, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool Connection::AwaitRequest(int timeout_ms) {
  if (begin_ < end_) return true;
  if (!Wait(POLLIN, timeout_ms)) return false;
  const ssize_t received = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
  if (received <= 0) return false;
  begin_ = 0;
  end_ = static_cast<size_t>(received);
  return true;
}

bool Connection::is_readable() const { return begin_ < end_ || Wait(POLLIN, timeout_ms_); }

bool Connection::is_writable() const { return Wait(POLLOUT, timeout_ms_); }

ssize_t Connection::read(char* data, size_t size) {
  if (begin_ == end_ && !AwaitRequest(timeout_ms_)) return -1;
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (!is_writable()) return -1;
  return ::send(socket_, data, size, MSG_NOSIGNAL);
}

// The sandbox does not care who calls.
void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  get_remote_ip_and_port(ip, port);
}

template <typename Self>
bool HttpServer::ServeOne(Self& self, Connection& connection, bool last, bool& closed) {
  if constexpr (requires { self.process_request(connection, last, closed, nullptr); }) {
    return self.process_request(connection, last, closed, nullptr);
  } else {  // since cpp-httplib 0.18, which asks for both addresses
    return self.process_request(connection, "", 0, "", 0, last, closed, nullptr);
  }
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  bool served = false;
  if (open_sockets_.Add(socket)) {
    Connection connection(socket, kIoTimeoutMs);
    const int idle_timeout_ms = static_cast<int>(keep_alive_timeout_sec_) * 1000;
    bool closed = false;
    for (size_t left = keep_alive_max_count_; !closed && left > 0; --left) {
      if (!connection.AwaitRequest(idle_timeout_ms)) break;
      served = ServeOne(*this, connection, left == 1, closed);
      if (!served) break;
    }
    open_sockets_.Remove(socket);
  }
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return served;
}

}  // namespace gateway::sandbox
