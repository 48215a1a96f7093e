#include "service/reset_guard.h"

#include <algorithm>
#include <utility>

#include "service/log.h"
#include "service/server_sockets.h"

namespace gateway {
namespace {

// While an attack lasts, others are refused; a look costs some 20 us for each connection.
constexpr std::chrono::milliseconds kBetweenLooks(200);

// Under attack gRPC is late to count what has failed. But no client may have more calls open than
// max_streams: of what has begun, and not ended well, the rest was broken off.
int64_t BrokenOff(const ServerSocket& socket, int64_t max_streams) {
  return std::max(socket.failed, socket.started - socket.succeeded - max_streams);
}

}  // namespace

ResetGuard::ResetGuard(int port, int64_t max_streams, int64_t most_per_second)
    : port_(port),
      max_streams_(max_streams),
      most_per_second_(most_per_second),
      thread_([this] { Run(); }) {}

ResetGuard::~ResetGuard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ResetGuard::Run() {
  Clock::time_point last = Clock::now();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kBetweenLooks, [this] { return stopping_; })) {
    lock.unlock();
    const Clock::time_point now = Clock::now();
    Look(std::chrono::duration<double>(now - last).count());
    last = now;
    lock.lock();
  }
}

void ResetGuard::Look(double seconds) {
  const auto most = static_cast<double>(most_per_second_);
  std::map<int64_t, Seen> seen;
  for (const ServerSocket& socket : ServerSockets()) {
    const int64_t broken_off = BrokenOff(socket, max_streams_);
    const auto known = seen_.find(socket.id);
    const Seen before = known == seen_.end() ? Seen{0, most} : known->second;
    const int64_t fresh = broken_off - before.broken_off;
    const double left = std::min(before.left + most * seconds, most) - static_cast<double>(fresh);
    seen.emplace(socket.id, Seen{broken_off, left});
    if (left >= 0 || !ShutDown(socket, port_)) continue;
    Log(Severity::kWarning, "closed a connection that breaks off too many calls",
        {{"calls", broken_off}});
  }
  seen_ = std::move(seen);
}

}  // namespace gateway
