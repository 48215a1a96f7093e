// One upstream as its calls see it: where it is, and everything that limits the traffic to it.
//
// Thread-safety: all members may be used from any thread. Lifetime: must outlive its calls.
#ifndef UPSTREAM_UPSTREAM_H_
#define UPSTREAM_UPSTREAM_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "upstream/http/transport.h"
#include "upstream/lane.h"
#include "upstream/mapping/access.h"
#include "upstream/resilience/rate_limit.h"
#include "upstream/resilience/retry_budget.h"
#include "upstream/resilience/retry_policy.h"

namespace gateway {

struct UpstreamOptions {
  // Scheme, host and optionally a path: "https://api.paynow.gg". No slash at the end.
  std::string base_url = {};
  // The store of a request that names no store. Empty: there is no default store.
  std::string default_store = {};

  // A call may bring its own key, which then replaces the gateway's.
  bool accept_caller_keys = false;

  // Refuses a write without an idempotency key if a client library or proxy has repeated it: the
  // first attempt may have been sent, by this gateway or by another one.
  bool refuse_repeated_writes = true;

  // An attempt ends this long before the caller's deadline, so that the answer can still reach the
  // caller.
  absl::Duration deadline_margin = absl::Milliseconds(5);

  resilience::RetryOptions retry = {};
  resilience::RetryBudget::Options retry_budget = {};
  resilience::CircuitBreaker::Options breaker = {};
  resilience::ConcurrencyLimit::Options limit = {};
  resilience::RateLimit::Options rate_limit = {};  // per store

  bool operator==(const UpstreamOptions&) const = default;
};

// For metrics. Counters only grow. Successive clients of one upstream share them.
struct UpstreamCounters {
  std::atomic<uint64_t> calls{0};
  LaneCounters reads;
  LaneCounters writes;
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> retries_over_budget{0};
  std::atomic<uint64_t> shed{0};
  std::atomic<uint64_t> refused_by_breaker{0};
  std::atomic<uint64_t> rate_limited{0};
  std::atomic<uint64_t> keys_renewed{0};
};

struct Upstream {
  Upstream(UpstreamOptions given, http::Transport& transport,
           std::shared_ptr<UpstreamCounters> counters);

  Lane& lane(mapping::Access access) { return access == mapping::Access::kRead ? reads : writes; }

  const UpstreamOptions options;
  http::Transport& transport;
  resilience::RetryBudget retry_budget;
  resilience::RateLimit rate_limit;
  const std::shared_ptr<UpstreamCounters> shared_counters;
  UpstreamCounters& counters;
  Lane reads;
  Lane writes;
};

}  // namespace gateway

#endif  // UPSTREAM_UPSTREAM_H_
