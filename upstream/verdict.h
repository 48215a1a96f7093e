// Decides what the result of one attempt means for the circuit breaker, the concurrency limit and
// the retry.
#ifndef UPSTREAM_VERDICT_H_
#define UPSTREAM_VERDICT_H_

#include <optional>

#include "absl/time/time.h"
#include "upstream/http/message.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/failure.h"
#include "upstream/resilience/circuit_breaker.h"

namespace gateway {

// An attempt that ends at its deadline counts as bad only if the attempt ran at least this long.
inline constexpr absl::Duration kSlow = absl::Seconds(1);

// Returns the verdict on this attempt for the circuit breaker. `took` is how long the attempt ran.
resilience::CircuitBreaker::Verdict VerdictOf(const http::Result& result, absl::Duration took);

// Whether the attempt's duration says anything about the upstream's speed.
bool LatencyCounts(const http::Result& result);

// Whether repeating the attempt is harmless and may help. True if no connection took the request,
// and for a read that met a temporary fault. False if this process had no room, if the attempt was
// cancelled or reached its deadline, and for a fault that a repeat would meet again.
bool MayRepeat(const http::Result& result, const mapping::Failure& failure, mapping::Access access);

}  // namespace gateway

#endif  // UPSTREAM_VERDICT_H_
