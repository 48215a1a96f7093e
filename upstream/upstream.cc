#include "upstream/upstream.h"

#include <utility>

namespace gateway {

Upstream::Upstream(UpstreamOptions given, http::Transport& transport,
                   std::shared_ptr<UpstreamCounters> counters)
    : options(std::move(given)),
      transport(transport),
      read_gate(options.breaker, options.limit),
      write_gate(options.breaker, options.limit),
      retry_budget(options.retry_budget),
      rate_limit(options.rate_limit),
      shared_counters(std::move(counters)),
      counters(*shared_counters) {}

}  // namespace gateway
