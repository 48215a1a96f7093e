// Watches whether upstreams seem dead, for those who want to send no calls while one does.
//
// An upstream seems dead while its breakers let nothing through: one is open, and the other is open
// too or has seen no call that went well of late. When a breaker's time has passed it seems alive
// again, for only calls can tell: without traffic nothing would ever find out.
//
// Thread-safety: construction and destruction belong to one thread. Lifetime: has a thread of its
// own, which reports; no report comes after the destructor. What it watches outlives it.
#ifndef SERVICE_GENERATION_UPSTREAM_HEALTH_H_
#define SERVICE_GENERATION_UPSTREAM_HEALTH_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "upstream/upstream.h"

namespace gateway {

bool SeemsDead(const Upstream& upstream, SteadyTime now);

class UpstreamHealth {
 public:
  // Called when it changes.
  using Report = std::function<void(const std::string& upstream, bool alive)>;

  UpstreamHealth(const Slot<Generation>& in_force, Report report);
  ~UpstreamHealth();
  UpstreamHealth(const UpstreamHealth&) = delete;
  UpstreamHealth& operator=(const UpstreamHealth&) = delete;

 private:
  void Run();
  void Look();

  const Slot<Generation>& in_force_;
  std::vector<bool> alive_;  // as reported last, by the upstream's position; the thread's
  const Report report_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;   // guarded by mutex_
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_UPSTREAM_HEALTH_H_
