#include "upstream/http/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace gateway::http {
namespace {

constexpr int kBatch = 128;

}  // namespace

absl::StatusOr<std::unique_ptr<Poller>> Poller::Create() {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return absl::ErrnoToStatus(errno, "epoll_create1");
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    const int error = errno;
    close(epoll_fd);
    return absl::ErrnoToStatus(error, "eventfd");
  }
  std::unique_ptr<Poller> poller(new Poller(epoll_fd, wake_fd));
  epoll_event event{};
  event.data.fd = wake_fd;
  // Edge-triggered: each write is reported once, and the counter need never be read.
  event.events = EPOLLIN | EPOLLET;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return poller;
}

Poller::~Poller() {
  close(wake_fd_);
  close(epoll_fd_);
}

Poller::Socket& Poller::At(int fd) {
  if (static_cast<size_t>(fd) >= sockets_.size()) sockets_.resize(fd + 1);
  return sockets_[fd];
}

void Poller::Opened(int fd) {
  At(fd) = Socket{.announced = true};
  census_.Opened(fd);
}

// The kernel drops a closed socket from epoll by itself.
void Poller::Closed(int fd) {
  At(fd) = Socket{};
  census_.Closed(fd);
}

void Poller::Watch(int fd, uint32_t events, void* owner) {
  Socket& socket = At(fd);
  socket.wanted = events;
  socket.owner = owner;
  if (events == socket.registered) return;
  if (events == 0 && socket.announced) return;  // it will be back, or reported once by Wait
  Register(fd, socket, events);
  if (events == 0) socket = Socket{};
}

void Poller::Register(int fd, Socket& socket, uint32_t events) {
  epoll_event event{};
  event.data.fd = fd;
  event.events = events;
  if (events == 0) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  } else if (epoll_ctl(epoll_fd_, socket.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
                       &event) != 0) {
    // The other operation fits where libcurl or the kernel know more about the socket than we do.
    if (errno == EEXIST) epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
    if (errno == ENOENT) epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }
  socket.registered = events;
}

const std::vector<Poller::Event>& Poller::Wait(int timeout_ms) {
  epoll_event events[kBatch];
  const int count = epoll_wait(epoll_fd_, events, kBatch, timeout_ms);
  happened_.clear();
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == wake_fd_) continue;
    Socket& socket = At(fd);
    if (socket.wanted == 0) {
      // A connection put aside was closed by its server: libcurl finds out when it wants it again.
      Register(fd, socket, 0);
      continue;
    }
    happened_.push_back({fd, events[i].events, socket.owner});
  }
  return happened_;
}

void Poller::Wake() {
  const uint64_t one = 1;
  // Fails only when 2^64 - 1 wake-ups are pending, which is awake enough.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

}  // namespace gateway::http
