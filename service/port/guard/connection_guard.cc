#include "service/port/guard/connection_guard.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "service/log/log.h"

namespace gateway {
namespace {

// The pause between looks. An attack can keep others out until the next look.
constexpr std::chrono::milliseconds kBetweenLooks(200);

// The pause between looks at sockets, while memory does not grow.
constexpr std::chrono::milliseconds kBetweenLooksAtSockets(1000);

// The pause between checks whether a look must come early. It is short, because gRPC 1.51 never
// accepts a connection again once accept has failed for lack of a descriptor. At most some 50
// connections arrive per millisecond.
constexpr absl::Duration kBetweenGlances = absl::Milliseconds(10);

// After this time without many resets, the resets of each connection are no longer counted.
constexpr std::chrono::seconds kMemory(10);

// If memory has grown by this much since the last look, the sockets are looked at early.
constexpr size_t kGrowth = size_t{4} * 1024 * 1024;

std::vector<int> NumbersOf(const std::vector<ConnectionGuard::Port>& ports) {
  std::vector<int> numbers;
  for (const ConnectionGuard::Port& port : ports) numbers.push_back(port.number);
  return numbers;
}

int64_t SumOf(const std::vector<ConnectionGuard::Port>& ports) {
  size_t sum = 0;
  for (const ConnectionGuard::Port& port : ports) sum += port.max_connections;
  return static_cast<int64_t>(sum);
}

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Under attack, gRPC counts failed calls late. But a client has at most max_streams calls open. So
// of the calls that started and did not succeed, all beyond max_streams were broken off.
int64_t BrokenOff(const ServerCalls& calls, int64_t max_streams) {
  return std::max(calls.failed, calls.started - calls.succeeded - max_streams);
}

}  // namespace

ConnectionGuard::ConnectionGuard(const Options& options)
    : options_(options),
      ports_(NumbersOf(options.ports)),
      max_connections_(SumOf(options.ports)),
      bytes_(options.bytes),
      looked_(Clock::now()),
      thread_([this] { Run(); }) {}

ConnectionGuard::~ConnectionGuard() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void ConnectionGuard::Run() {
  const MutexLock lock(mutex_);
  while (true) {
    const SteadyTime next = SteadyTime::Now() + kBetweenGlances;
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
    }
    if (stopping_) return;
    const MutexUnlock unlock(mutex_);
    if (IsTimeToLook(Clock::now())) Look(Clock::now());
    if (options_.arrivals != nullptr) options_.arrivals->Sweep(bytes_.received());
  }
}

// A look may come early only after ten times the duration of the last look. So looks do not take
// most of the time, even if there are too many connections for long.
bool ConnectionGuard::IsTimeToLook(Clock::time_point now) {
  if (now - looked_ >= kBetweenLooks) return true;
  if (now - looked_ < 10 * look_took_) return false;
  return memory_.Now() > memory_then_ + kGrowth || OwnSockets::MoreThan(max_connections_);
}

void ConnectionGuard::Look(Clock::time_point now) {
  const std::vector<int64_t> ids = ServerSocketIds();
  Learn(ids);
  const bool grown = memory_.Now() > memory_then_ + kGrowth;
  if (grown || now - looked_at_sockets_ >= kBetweenLooksAtSockets ||
      OwnSockets::MoreThan(max_connections_)) {
    LookAtSockets(now);
  }
  if (options_.max_resets_per_second != 0 && Suspicious(now)) CloseResetting(ids, now);
  if (!ids.empty()) newest_ = ids.back();
  looked_ = now;
  look_took_ = Clock::now() - now;
}

void ConnectionGuard::LookAtSockets(Clock::time_point now) {
  const std::vector<Connection> connections = sockets_.Connections(ports_);
  CloseBeyondMost(connections);
  const Peers in_vain = bytes_.Look(connections, ids_);
  if (!in_vain.empty()) {
    Tell("closed connections that bring bytes and no calls", sockets_.ShutDown(in_vain));
  }
  looked_at_sockets_ = now;
  memory_then_ = memory_.Now();
}

void ConnectionGuard::Learn(const std::vector<int64_t>& ids) {
  absl::erase_if(ids_, [&](const auto& entry) {
    return !std::binary_search(ids.begin(), ids.end(), entry.second);
  });
  for (const int64_t id : ids) {
    if (id > newest_) ids_.insert_or_assign(DescribeServerSocket(id).peer, id);
  }
}

void ConnectionGuard::CloseBeyondMost(const std::vector<Connection>& connections) {
  for (const Port& port : options_.ports) {
    std::vector<const Connection*> pending;
    std::vector<const Connection*> others;
    for (const Connection& connection : connections) {
      if (connection.port != port.number) continue;
      (ids_.contains(connection.peer) ? others : pending).push_back(&connection);
    }
    if (pending.size() + others.size() <= port.max_connections) continue;
    Peers strangers;
    for (const Connection* connection : pending) strangers.insert(connection->peer);
    Tell("closed connections before the end of their handshake", sockets_.ShutDown(strangers));
    Tell("closed connections beyond the most that a port may have",
         sockets_.ShutDown(Beyond(port, others)));
  }
}

Peers ConnectionGuard::Beyond(const Port& port,
                              const std::vector<const Connection*>& connections) const {
  // By address, the newest last.
  std::map<std::string, std::vector<std::pair<int64_t, SocketAddress>>> of_addresses;
  for (const Connection* connection : connections) {
    of_addresses[connection->peer.ip].emplace_back(ids_.at(connection->peer), connection->peer);
  }
  for (auto& [address, own] : of_addresses) {
    std::sort(own.begin(), own.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  Peers beyond;
  for (size_t left = connections.size(); left > port.max_connections; --left) {
    auto& most = std::max_element(
                     of_addresses.begin(), of_addresses.end(),
                     [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); })
                     ->second;
    beyond.insert(most.back().second);
    most.pop_back();
  }
  return beyond;
}

// Strangers can cause these lines, so each text is logged at most once a second.
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
    // For a connection from before the last look, counting begins now: it may have spread its
    // earlier resets over its whole life.
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
