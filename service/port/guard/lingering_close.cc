#include "service/port/guard/lingering_close.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"

namespace gateway {
namespace {

// The pause between checks: the kernel has no event for "the peer has acknowledged everything".
constexpr absl::Duration kUntilAcknowledged = absl::Milliseconds(5);

// How often to look whether there is something to do if no descriptor was left for `wake_`.
constexpr absl::Duration kWithoutWake = absl::Milliseconds(100);

int RealShutdown(int fd, int how) { return static_cast<int>(syscall(SYS_shutdown, fd, how)); }

// Every object of the class that exists.
struct Registry {
  Mutex mutex;
  std::vector<LingeringClose*> all ABSL_GUARDED_BY(mutex);
};

Registry& Everyone() {
  static Registry& registry = *new Registry;
  return registry;
}

// Returns 0 if `fd` is no connection over IP.
int LocalPort(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  int listens = 0;
  socklen_t size_of_listens = sizeof(listens);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size_of_listens) != 0 || listens) {
    return 0;
  }
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

// Whether the connection has bytes that are unsent, or sent and not acknowledged.
bool HasUnsent(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

}  // namespace

LingeringClose::LingeringClose(std::set<int> ports)
    : ports_(std::move(ports)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {
  Registry& everyone = Everyone();
  const MutexLock lock(everyone.mutex);
  everyone.all.push_back(this);
}

LingeringClose::~LingeringClose() {
  {
    Registry& everyone = Everyone();
    const MutexLock lock(everyone.mutex);
    std::erase(everyone.all, this);
  }
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  close(wake_);
}

void LingeringClose::AwaitSent(SteadyTime end) {
  while (SteadyTime::Now() < end) {
    {
      const MutexLock lock(mutex_);
      const bool unsent = std::any_of(open_.begin(), open_.end(),
                                      [](const Lingering& one) { return HasUnsent(one.fd); });
      if (!unsent) return;
    }
    absl::SleepFor(kUntilAcknowledged);
  }
}

bool LingeringClose::Take(int fd) {
  const int port = LocalPort(fd);
  if (port == 0 || !HasUnsent(fd)) return false;
  Registry& everyone = Everyone();
  const MutexLock lock(everyone.mutex);
  const auto owner = std::find_if(everyone.all.begin(), everyone.all.end(),
                                  [&](const LingeringClose* one) { return one->Owns(port); });
  return owner != everyone.all.end() && (*owner)->Add(fd);
}

void LingeringClose::ThrowOut(int fd) { RealShutdown(fd, SHUT_RDWR); }

// The copy keeps the connection open when its owner closes the descriptor.
bool LingeringClose::Add(int fd) {
  const MutexLock lock(mutex_);
  if (stopping_ || open_.size() >= kMost) return false;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return false;
  if (RealShutdown(copy, SHUT_WR) != 0) {
    close(copy);
    return false;
  }
  open_.push_back({copy, SteadyTime::Now() + kLongest});
  eventfd_write(wake_, 1);
  return true;
}

void LingeringClose::Run() {
  std::vector<pollfd> events;
  while (true) {
    events.assign(1, {wake_, POLLIN, 0});
    absl::Duration wait = wake_ < 0 ? kWithoutWake : absl::InfiniteDuration();
    {
      const MutexLock lock(mutex_);
      if (stopping_) break;
      const SteadyTime now = SteadyTime::Now();
      std::erase_if(open_, [&](Lingering& one) {
        const bool over = Drop(one) || one.end <= now;
        if (over) close(one.fd);
        return over;
      });
      for (const Lingering& one : open_) {
        events.push_back({one.fd, POLLIN, 0});
        wait = std::min(wait, one.end - now);
      }
    }
    const int milliseconds = wait == absl::InfiniteDuration()
                                 ? -1
                                 : static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1;
    poll(events.data(), events.size(), milliseconds);
    eventfd_t ignored;
    eventfd_read(wake_, &ignored);
  }
  const MutexLock lock(mutex_);
  for (const Lingering& one : open_) close(one.fd);
  open_.clear();
}

bool LingeringClose::Drop(Lingering& connection) {
  std::array<char, 64 << 10> unread;
  while (connection.bytes < kMostBytes) {
    const ssize_t size =
        recv(connection.fd, unread.data(), unread.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (size <= 0) return true;
    connection.bytes += size;
  }
  return true;
}

}  // namespace gateway

// Replaces libc's shutdown() for this process and the libraries that it loads.
extern "C" int shutdown(int fd, int how) noexcept {
  if (how == SHUT_RDWR && gateway::LingeringClose::Take(fd)) return 0;
  return gateway::RealShutdown(fd, how);
}
