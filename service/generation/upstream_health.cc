#include "service/generation/upstream_health.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(100);

}  // namespace

bool SeemsDead(const Upstream& upstream, SteadyTime now) {
  const resilience::CircuitBreaker& reads = upstream.read_gate.breaker();
  const resilience::CircuitBreaker& writes = upstream.write_gate.breaker();
  const bool no_read = reads.refuses(now);
  const bool no_write = writes.refuses(now);
  if (!no_read && !no_write) return false;
  return (no_read || reads.good_calls(now) == 0) && (no_write || writes.good_calls(now) == 0);
}

UpstreamHealth::UpstreamHealth(std::vector<Watched> upstreams, Report report)
    : upstreams_(std::move(upstreams)), report_(std::move(report)), thread_([this] { Run(); }) {}

UpstreamHealth::~UpstreamHealth() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void UpstreamHealth::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, absl::ToChronoNanoseconds(kBetweenLooks),
                            [this] { return stop_; })) {
    Look();
  }
}

void UpstreamHealth::Look() {
  for (Watched& watched : upstreams_) {
    const std::shared_ptr<const Backend> backend = watched.slot->Get();
    const bool alive = !SeemsDead(backend->client->upstream(), SteadyTime::Now());
    if (alive == watched.alive) continue;
    watched.alive = alive;
    report_(watched.name, alive);
  }
}

}  // namespace gateway
