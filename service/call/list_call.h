// Calls of a list as a stream (proto/gateway/v1/annotations.proto, Pages). Each page is prepared
// and sent upstream like a call of the unary list. Each item is written when gRPC has taken the
// item before it.
//
//   Serve -> Fetch -> OnPage -> Write ... OnWritten -> Write ... OnWritten -> Fetch ... -> Conclude
//
// Only one page is held, and the next page is fetched when the last item has been written. So
// memory does not grow with the list, and the upstream's limits, retries and timeouts apply to each
// page.
#ifndef SERVICE_CALL_LIST_CALL_H_
#define SERVICE_CALL_LIST_CALL_H_

#include <cstddef>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "upstream/mapping/paged_list.h"

namespace gateway {

// `upstream` is the position of the list's upstream in a generation. The other arguments must
// outlive the endpoint's calls.
Endpoint ListEndpoint(const Surroundings& surroundings, Method& method,
                      const mapping::PagedList& list, size_t upstream);

}  // namespace gateway

#endif  // SERVICE_CALL_LIST_CALL_H_
