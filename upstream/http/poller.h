// epoll for connections. Each connection is registered once for its whole life, edge-triggered, for
// reading and writing. Closing a connection removes it.
//
// Thread-safety: Add and Wake may be called from any thread; Wait belongs to one.
// Errors: Create reports what the system refuses.
#ifndef UPSTREAM_HTTP_POLLER_H_
#define UPSTREAM_HTTP_POLLER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gateway::http {

class Poller {
 public:
  static absl::StatusOr<std::unique_ptr<Poller>> Create();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  struct Ready {
    void* owner;
    bool ended;  // the peer sends nothing after what can be read now, or the socket failed
  };

  // From now on Wait returns `owner` when something can be read or written, or the socket failed.
  // Errors: RESOURCE_EXHAUSTED and others, if the system refuses.
  absl::Status Add(int fd, void* owner);

  // Blocks until something happened, Wake was called, or `timeout_ms` passed (-1: for ever). The
  // result is valid until the next call.
  const std::vector<Ready>& Wait(int timeout_ms);

  void Wake();

 private:
  Poller(int epoll_fd, int wake_fd) : epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}

  const int epoll_fd_;
  const int wake_fd_;
  std::vector<Ready> ready_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_POLLER_H_
