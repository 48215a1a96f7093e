#include "service/connection_guard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "service/log.h"

namespace gateway {
namespace {

// While an attack lasts, others are refused.
constexpr std::chrono::milliseconds kBetweenLooks(200);

// gRPC 1.51 takes no more connections, for good, once accept has failed for want of a descriptor.
// Connections come at some 50 in a millisecond at most.
constexpr std::chrono::milliseconds kBetweenGlances(10);

// After this time without many resets, connections are no longer counted one by one.
constexpr std::chrono::seconds kMemory(10);

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Under attack gRPC is late to count what has failed. But no client may have more calls open than
// max_streams: of what has begun, and not ended well, the rest was broken off.
int64_t BrokenOff(const ServerCalls& calls, int64_t max_streams) {
  return std::max(calls.failed, calls.started - calls.succeeded - max_streams);
}

}  // namespace

ConnectionGuard::ConnectionGuard(const Options& options)
    : options_(options), looked_(Clock::now()), thread_([this] { Run(); }) {}

ConnectionGuard::~ConnectionGuard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ConnectionGuard::Run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kBetweenGlances, [this] { return stopping_; })) {
    lock.unlock();
    if (IsTimeToLook(Clock::now())) Look(Clock::now());
    lock.lock();
  }
}

// Even when there are many connections for long, most of the time is not spent here.
bool ConnectionGuard::IsTimeToLook(Clock::time_point now) const {
  return now - looked_ >= kBetweenLooks ||
         (now - looked_ >= 10 * look_took_ && OwnSockets::MoreThan(options_.max_connections));
}

void ConnectionGuard::Look(Clock::time_point now) {
  const std::vector<int64_t> ids = ServerSocketIds();
  CloseBeyondMost(ids);
  if (options_.max_resets_per_second != 0 && Suspicious(now)) CloseResetting(ids, now);
  if (!ids.empty()) newest_ = ids.back();
  looked_ = now;
  look_took_ = Clock::now() - now;
}

void ConnectionGuard::CloseBeyondMost(const std::vector<int64_t>& ids) {
  const auto most = static_cast<size_t>(options_.max_connections);
  Peers peers;
  if (ids.size() > most) {
    for (size_t i = most; i < ids.size(); ++i) peers.insert(DescribeServerSocket(ids[i]).peer);
    Tell("closed connections beyond server.max_connections", sockets_.ShutDown(peers));
  } else if (sockets_.CountDescriptors() > options_.max_connections) {
    for (const int64_t id : ids) peers.insert(DescribeServerSocket(id).peer);
    Tell("closed connections before the end of their handshake",
         sockets_.ShutDownOthers(peers, options_.ports, most));
  }
}

// Strangers cause it: a line a second is enough.
void ConnectionGuard::Tell(const char* what, size_t connections) {
  if (connections == 0) return;
  const std::optional<uint64_t> left_out = log_limit_.Pass(what, absl::Now());
  if (!left_out) return;
  Log(Severity::kWarning, what,
      {{"connections", static_cast<int64_t>(connections)},
       {"left_out", static_cast<int64_t>(*left_out)}});
}

bool ConnectionGuard::Suspicious(Clock::time_point now) {
  const ServerCalls calls = CallsOfServers();
  const int64_t failed = calls.failed - calls_.failed;
  const int64_t open_or_failed =
      (calls.started - calls.succeeded) - (calls_.started - calls_.succeeded);
  calls_ = calls;
  const double most = static_cast<double>(options_.max_resets_per_second) * Seconds(now - looked_);
  if (static_cast<double>(std::max(failed, open_or_failed)) > most) {
    suspected_ = now;
    return true;
  }
  if (now - suspected_ > kMemory) buckets_.clear();
  return !buckets_.empty();
}

void ConnectionGuard::CloseResetting(const std::vector<int64_t>& ids, Clock::time_point now) {
  const auto most = static_cast<double>(options_.max_resets_per_second);
  std::map<int64_t, Bucket> buckets;
  Peers beyond;
  for (const int64_t id : ids) {
    const ServerSocket socket = DescribeServerSocket(id);
    const int64_t broken_off = BrokenOff(socket.calls, options_.max_streams);
    const auto known = buckets_.find(id);
    // What an older connection broke off before, it did over its whole life.
    Bucket bucket{id > newest_ ? 0 : broken_off, most, now};
    if (known != buckets_.end()) bucket = known->second;
    bucket.left +=
        most * Seconds(now - bucket.filled) - static_cast<double>(broken_off - bucket.broken_off);
    bucket = {broken_off, std::min(bucket.left, most), now};
    buckets.emplace(id, bucket);
    if (bucket.left < 0) beyond.insert(socket.peer);
  }
  buckets_ = std::move(buckets);
  if (beyond.empty()) return;
  Tell("closed connections that break off too many calls", sockets_.ShutDown(beyond));
}

}  // namespace gateway
