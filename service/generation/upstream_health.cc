#include "service/generation/upstream_health.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(100);

}  // namespace

bool SeemsDead(const Upstream& upstream, SteadyTime now) {
  const resilience::CircuitBreaker& reads = upstream.reads.gate.breaker();
  const resilience::CircuitBreaker& writes = upstream.writes.gate.breaker();
  const bool no_read = reads.refuses(now);
  const bool no_write = writes.refuses(now);
  if (!no_read && !no_write) return false;
  return (no_read || reads.good_calls(now) == 0) && (no_write || writes.good_calls(now) == 0);
}

UpstreamHealth::UpstreamHealth(const Slot<Generation>& in_force, Report report)
    : in_force_(in_force),
      alive_(in_force.Get()->upstreams.size(), true),
      report_(std::move(report)),
      thread_([this] { Run(); }) {}

UpstreamHealth::~UpstreamHealth() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  stopped_.NotifyOne();
  thread_.join();
}

void UpstreamHealth::Run() {
  const MutexLock lock(mutex_);
  while (true) {
    const SteadyTime next = SteadyTime::Now() + kBetweenLooks;
    while (!stop_ && stopped_.WaitUntil(mutex_, next)) {
    }
    if (stop_) return;
    Look();
  }
}

void UpstreamHealth::Look() {
  const std::shared_ptr<const Generation> generation = in_force_.Get();
  for (size_t i = 0; i < alive_.size(); ++i) {
    const UpstreamAccess& upstream = generation->upstreams[i];
    const bool alive = !SeemsDead(upstream.client->upstream(), SteadyTime::Now());
    if (alive == alive_[i]) continue;
    alive_[i] = alive;
    report_(upstream.name, alive);
  }
}

}  // namespace gateway
