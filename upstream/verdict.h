// What one attempt's result means for those that decide about further ones: the breaker, the limit,
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

// How the upstream did. A deadline that passed speaks against it only after it had kSlow to answer.
inline constexpr absl::Duration kSlow = absl::Seconds(1);
resilience::CircuitBreaker::Verdict VerdictOf(const http::Result& result, absl::Duration took);

// Whether the attempt's length says something of the upstream's speed.
bool LatencyCounts(const http::Result& result);

// Whether a repeat is harmless and may help: what never left, and reads that met a passing fault.
// Not what this process refused for lack of room, nor what fails the same way again.
bool MayRepeat(const http::Result& result, const mapping::Failure& failure, mapping::Access access);

}  // namespace gateway

#endif  // UPSTREAM_VERDICT_H_
