#include "upstream/http/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

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
  // Edge-triggered: each write to the eventfd is reported once, and its counter need never be read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return poller;
}

Poller::~Poller() {
  close(wake_fd_);
  close(epoll_fd_);
}

absl::Status Poller::Add(int fd, void* owner) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = owner}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "epoll_ctl");
}

const std::vector<Poller::Ready>& Poller::Wait(int timeout_ms) {
  epoll_event events[kBatch];
  const int count = epoll_wait(epoll_fd_, events, kBatch, timeout_ms);
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    void* const owner = events[i].data.ptr;
    const bool ended = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (owner != nullptr) ready_.push_back({owner, ended});
  }
  return ready_;
}

void Poller::Wake() {
  const uint64_t one = 1;
  // Fails only if the counter, which is never read, is full: after 2^64 - 2 wake-ups.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

}  // namespace gateway::http
