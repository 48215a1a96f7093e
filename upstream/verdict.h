// What the result of one attempt means for the circuit breaker, the concurrency limit and the
// retry.
#ifndef UPSTREAM_VERDICT_H_
#define UPSTREAM_VERDICT_H_

#include <optional>

#include "absl/time/time.h"
#include "upstream/http/message.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/failure.h"
#include "upstream/resilience/circuit_breaker.h"

namespace gateway {

// A call's deadline that is missed is the upstream's fault only if it had at least this long.
inline constexpr absl::Duration kSlow = absl::Seconds(1);

// Returns what the circuit breaker is told about this attempt. `took` is how long it ran.
resilience::CircuitBreaker::Verdict VerdictOf(const http::Result& result, absl::Duration took);

// Whether the attempt's duration tells anything about the upstream's speed.
bool LatencyCounts(const http::Result& result);

// Whether a repeat is harmless and may help. True for requests that were never sent, and for reads
// that met a passing fault. False for what this process refused for lack of room, and for what
// would fail the same way again.
bool MayRepeat(const http::Result& result, const mapping::Failure& failure, mapping::Access access);

}  // namespace gateway

#endif  // UPSTREAM_VERDICT_H_
