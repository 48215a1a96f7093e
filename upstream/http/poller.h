// epoll with a memory: it spares the system calls for a socket that is put aside and taken up again
// unchanged, as every kept connection is once per request.
//
// Thread-safety: Wake may be called from any thread; everything else belongs to the event loop's
// thread. Errors: a failing epoll_ctl leaves the socket unwatched, and its transfer to its
// deadline; Create reports what fails.
#ifndef UPSTREAM_HTTP_POLLER_H_
#define UPSTREAM_HTTP_POLLER_H_

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/http/socket_census.h"

namespace gateway::http {

class Poller {
 public:
  struct Event {
    int fd;
    uint32_t events;  // EPOLLIN and the like
    void* owner;
  };

  static absl::StatusOr<std::unique_ptr<Poller>> Create();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // `fd` is a new socket whose end Closed() will announce: what is known under this number is
  // outdated.
  void Opened(int fd);

  // `fd` is about to be closed.
  void Closed(int fd);

  // From now on reports `events` of `fd`; none ends it. The kernel keeps an announced socket
  // registered meanwhile.
  void Watch(int fd, uint32_t events, void* owner);

  // Blocks until something happened, Wake was called, or `timeout_ms` passed (-1: for ever). Valid
  // until the next call.
  const std::vector<Event>& Wait(int timeout_ms);

  void Wake();

  // Of the sockets that were opened and not closed. May be called from any thread.
  SocketCensus::Count CountSockets() const { return census_.Take(); }

 private:
  struct Socket {
    uint32_t registered = 0;  // what the kernel watches for
    uint32_t wanted = 0;
    bool announced = false;
    void* owner = nullptr;
  };

  Poller(int epoll_fd, int wake_fd) : epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}
  Socket& At(int fd);
  void Register(int fd, Socket& socket, uint32_t events);

  const int epoll_fd_;
  const int wake_fd_;
  std::vector<Socket> sockets_;  // by descriptor
  std::vector<Event> happened_;
  SocketCensus census_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_POLLER_H_
