// Watches whether upstreams seem dead, so that health can report it to callers.
//
// An upstream seems dead while its circuit breakers let nothing through: one is open, and the other
// is open too or has seen no successful call lately. When the open time of a breaker is over, the
// upstream counts as alive again: only calls can find out whether it is.
//
// Thread-safety: construction and destruction belong to one thread. Lifetime: reports come from a
// thread of its own; none comes after the destructor. `in_force` must outlive it.
#ifndef SERVICE_GENERATION_UPSTREAM_HEALTH_H_
#define SERVICE_GENERATION_UPSTREAM_HEALTH_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "upstream/mutex.h"
#include "upstream/upstream.h"

namespace gateway {

bool SeemsDead(const Upstream& upstream, SteadyTime now);

class UpstreamHealth {
 public:
  // Called when the state of an upstream changes.
  using Report = std::function<void(const std::string& upstream, bool alive)>;

  UpstreamHealth(const Slot<Generation>& in_force, Report report);
  ~UpstreamHealth();
  UpstreamHealth(const UpstreamHealth&) = delete;
  UpstreamHealth& operator=(const UpstreamHealth&) = delete;

 private:
  void Run();
  void Look();

  const Slot<Generation>& in_force_;
  std::vector<bool> alive_;  // last reported, by index of the upstream; used by thread_ only
  const Report report_;
  Mutex mutex_;
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_UPSTREAM_HEALTH_H_
