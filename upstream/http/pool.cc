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

void Pool::EnqueueFirst(CallPtr call) {
  call->attempted = false;
  queue_.push_front(std::move(call));
}

void Pool::Dequeue(const OpenCall& call) {
  const auto is_it = [&](const CallPtr& waiting) { return waiting.get() == &call; };
  const auto found = std::find_if(queue_.begin(), queue_.end(), is_it);
  if (found != queue_.end()) queue_.erase(found);
}

bool Pool::HasRoom() const { return connections_.size() + connecting_ < max_connections_; }

bool Pool::WantsAttempt() const {
  return HasRoom() && std::any_of(queue_.begin(), queue_.end(),
                                  [](const CallPtr& call) { return !call->attempted; });
}

Pool::CallPtr Pool::NextAttempt() {
  if (!HasRoom()) return nullptr;
  for (const CallPtr& call : queue_) {
    if (std::exchange(call->attempted, true)) continue;
    ++connecting_;
    return call;
  }
  return nullptr;
}

void Pool::AttemptMade(ConnectionPtr connection) {
  --connecting_;
  connections_.insert(std::move(connection));
}

Pool::CallPtr Pool::Offer(ConnectionPtr connection, SteadyTime now, SteadyTime until) {
  if (!queue_.empty()) {
    CallPtr call = std::move(queue_.front());
    queue_.pop_front();
    call->connection = std::move(connection);
    return call;
  }
  until = std::min(until, now + max_idle_);
  next_expiry_ = std::min(next_expiry_, until);
  idle_.push_back({std::move(connection), until});
  return nullptr;
}

void Pool::Drop(const ConnectionPtr& connection) {
  connections_.erase(connection);
  std::erase_if(idle_, [&](const Idle& idle) { return idle.connection == connection; });
}

template <typename Condition>
std::vector<Pool::ConnectionPtr> Pool::TakeIdleIf(Condition condition) {
  std::vector<ConnectionPtr> taken;
  const auto keep = [&](const Idle& idle) { return !condition(idle); };
  const auto gone = std::stable_partition(idle_.begin(), idle_.end(), keep);
  for (auto idle = gone; idle != idle_.end(); ++idle) taken.push_back(std::move(idle->connection));
  idle_.erase(gone, idle_.end());
  for (const ConnectionPtr& connection : taken) connections_.erase(connection);
  return taken;
}

std::vector<Pool::ConnectionPtr> Pool::TakeExpired(SteadyTime now) {
  if (now < next_expiry_) return {};
  std::vector<ConnectionPtr> expired =
      TakeIdleIf([&](const Idle& idle) { return idle.until <= now; });
  next_expiry_ = SteadyTime::InfiniteFuture();
  for (const Idle& idle : idle_) next_expiry_ = std::min(next_expiry_, idle.until);
  return expired;
}

std::vector<Pool::ConnectionPtr> Pool::TakeSilentSince(SteadyTime moment) {
  return TakeIdleIf([&](const Idle& idle) { return idle.connection->last_byte() < moment; });
}

SteadyTime Pool::oldest() const {
  SteadyTime oldest = SteadyTime::InfiniteFuture();
  for (const ConnectionPtr& connection : connections_) {
    oldest = std::min(oldest, connection->created());
  }
  return oldest;
}

}  // namespace gateway::http
