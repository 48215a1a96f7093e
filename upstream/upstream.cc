#include "upstream/upstream.h"

#include <utility>

namespace gateway {

Upstream::Upstream(UpstreamOptions given, http::Transport& transport,
                   std::shared_ptr<UpstreamCounters> counters)
    : options(std::move(given)),
      transport(transport),
      retry_budget(options.retry_budget),
      rate_limit(options.rate_limit),
      shared_counters(std::move(counters)),
      counters(*shared_counters),
      reads{{options.breaker, options.limit}, shared_counters->reads},
      writes{{options.breaker, options.limit}, shared_counters->writes} {}

}  // namespace gateway
