// Serves the operations of an upstream: turns the message into a REST request (Client::Prepare),
// checks the policy for the request's store, sends the request, and answers with the reply.
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
