// Serves the operations of an upstream: prepares the message (Client::Prepare), applies the policy
// of its store, sends it, and answers when the upstream's reply is there.
#ifndef SERVICE_CALL_UPSTREAM_CALL_H_
#define SERVICE_CALL_UPSTREAM_CALL_H_

#include <cstddef>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "upstream/mapping/route.h"

namespace gateway {

// `upstream` is the index of the route's upstream in a Generation. The other arguments must outlive
// the endpoint's calls.
Endpoint UpstreamEndpoint(const Surroundings& surroundings, Method& method,
                          const mapping::Route& route, size_t upstream);

}  // namespace gateway

#endif  // SERVICE_CALL_UPSTREAM_CALL_H_
