#include "upstream/http/pool.h"

#include <algorithm>
#include <utility>

namespace gateway::http {

Pool::Pool(const Options& options)
    : max_connections_(static_cast<size_t>(options.max_connections)),
      max_age_(options.max_connection_age),
      max_idle_(options.max_connection_idle) {}

Pool::ConnectionPtr Pool::Take(SteadyTime now, std::vector<ConnectionPtr>& expired) {
  while (!idle_.empty()) {
    Idle newest = std::move(idle_.back());
    idle_.pop_back();
    if (newest.until > now) return std::move(newest.connection);
    Drop(newest.connection);
    expired.push_back(std::move(newest.connection));
  }
  return nullptr;
}

void Pool::EnqueueAt(int64_t place, CallPtr call) {
  call->place = place;
  not_attempted_.insert(place);
  queue_.emplace(place, std::move(call));
}

void Pool::Dequeue(OpenCall& call) {
  const std::optional<int64_t> place = std::exchange(call.place, std::nullopt);
  if (!place) return;
  not_attempted_.erase(*place);
  queue_.erase(*place);
}

Pool::CallPtr Pool::TakeFirst() {
  CallPtr call = queue_.begin()->second;
  Dequeue(*call);
  return call;
}

Pool::CallPtr Pool::NextAttempt() {
  if (!WantsAttempt()) return nullptr;
  const auto next = not_attempted_.begin();
  const CallPtr& call = queue_.at(*next);
  not_attempted_.erase(next);
  ++connecting_;
  return call;
}

void Pool::AttemptMade(ConnectionPtr connection) {
  connections_.insert(std::move(connection));
  EndAttempt();
}

void Pool::AttemptFailed() { EndAttempt(); }

// A connection goes to the call in front, which may not be the call for which it was made. So a
// waiting call may have no attempt left, although one was begun for it. It then needs a new one.
void Pool::EndAttempt() {
  --connecting_;
  if (queue_.size() - not_attempted_.size() <= connecting_) return;
  for (const auto& [place, call] : queue_) {
    if (not_attempted_.insert(place).second) return;
  }
}

Pool::CallPtr Pool::Offer(ConnectionPtr connection, SteadyTime now, SteadyTime until) {
  while (!queue_.empty()) {
    CallPtr call = TakeFirst();
    if (call->deadline <= now) continue;
    call->connection = std::move(connection);
    return call;
  }
  until = std::min(until, now + max_idle_);
  next_expiry_ = std::min(next_expiry_, until);
  idle_.push_back({std::move(connection), until});
  return nullptr;
}

void Pool::RemoveIdle(const ConnectionPtr& connection) {
  std::erase_if(idle_, [&](const Idle& idle) { return idle.connection == connection; });
}

template <typename Condition>
size_t Pool::TakeIdleIf(Condition condition, std::vector<ConnectionPtr>& taken) {
  const auto keep = [&](const Idle& idle) { return !condition(idle); };
  const auto gone = std::stable_partition(idle_.begin(), idle_.end(), keep);
  const auto count = static_cast<size_t>(idle_.end() - gone);
  for (auto idle = gone; idle != idle_.end(); ++idle) {
    Drop(idle->connection);
    taken.push_back(std::move(idle->connection));
  }
  idle_.erase(gone, idle_.end());
  return count;
}

size_t Pool::TakeExpired(SteadyTime now, std::vector<ConnectionPtr>& taken) {
  if (now < next_expiry_) return 0;
  const size_t count = TakeIdleIf([&](const Idle& idle) { return idle.until <= now; }, taken);
  next_expiry_ = SteadyTime::InfiniteFuture();
  for (const Idle& idle : idle_) next_expiry_ = std::min(next_expiry_, idle.until);
  return count;
}

size_t Pool::TakeSilentSince(SteadyTime moment, std::vector<ConnectionPtr>& taken) {
  return TakeIdleIf([&](const Idle& idle) { return idle.connection->last_byte() < moment; }, taken);
}

void Pool::Describe(Stats& stats) const {
  stats.queued = static_cast<int64_t>(queue_.size());
  stats.connections_open = static_cast<int64_t>(connections_.size());
  const SteadyTime now = SteadyTime::Now();
  SteadyTime oldest = now;
  for (const ConnectionPtr& connection : connections_) {
    oldest = std::min(oldest, connection->created());
  }
  stats.oldest_connection_seconds = absl::ToDoubleSeconds(now - oldest);
}

}  // namespace gateway::http
