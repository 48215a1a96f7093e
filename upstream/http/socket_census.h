// How many of a loop's sockets are open, and since when.
//
// Thread-safety: may be used from any thread.
#ifndef UPSTREAM_HTTP_SOCKET_CENSUS_H_
#define UPSTREAM_HTTP_SOCKET_CENSUS_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

namespace gateway::http {

class SocketCensus {
 public:
  using Clock = std::chrono::steady_clock;

  struct Count {
    int64_t open = 0;
    Clock::duration oldest{};  // age; zero where none is open
  };

  void Opened(int fd) {
    const std::lock_guard lock(mutex_);
    opened_[fd] = Clock::now();
  }

  void Closed(int fd) {
    const std::lock_guard lock(mutex_);
    opened_.erase(fd);
  }

  Count Take() const {
    const Clock::time_point now = Clock::now();
    const std::lock_guard lock(mutex_);
    Count count{.open = static_cast<int64_t>(opened_.size())};
    for (const auto& [fd, at] : opened_) count.oldest = std::max(count.oldest, now - at);
    return count;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, Clock::time_point> opened_;  // by descriptor; guarded by mutex_
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_SOCKET_CENSUS_H_
