#include "upstream/upstream.h"

#include <utility>

namespace gateway {

Upstream::Upstream(UpstreamOptions given, CredentialStore& credentials, http::Transport& transport)
    : options(std::move(given)),
      credentials(credentials),
      transport(transport),
      read_gate(options.breaker, options.limit),
      write_gate(options.breaker, options.limit),
      retry_budget(options.retry_budget),
      rate_limit(options.rate_limit) {}

}  // namespace gateway
