// Calls of an upstream's operations: the message goes through Prepare, past the policy of its
// store, and is sent; the answer comes when the upstream's reply is there.
#ifndef SERVICE_CALL_UPSTREAM_CALL_H_
#define SERVICE_CALL_UPSTREAM_CALL_H_

#include <cstddef>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "upstream/mapping/route.h"

namespace gateway {

// `upstream` is the position of the route's upstream in a generation. All else that is given
// outlives the endpoint's calls.
Endpoint UpstreamEndpoint(const Surroundings& surroundings, Method& method,
                          const mapping::Route& route, size_t upstream);

}  // namespace gateway

#endif  // SERVICE_CALL_UPSTREAM_CALL_H_
