// Calls of a list as a stream (proto/gateway/v1/annotations.proto, Pages): page after page goes
// through Prepare and is sent like a call of the list itself, and each item is written when the
// client has taken the one before.
//
//   Serve -> Fetch -> OnPage -> Write ... OnWritten -> Write ... OnWritten -> Fetch ... -> Conclude
//
// One page is held, and the next is fetched when the last item of it is gone: so memory does not
// grow with the list, and the upstream's limits, rates, retries and times count for each page.
#ifndef SERVICE_CALL_LIST_CALL_H_
#define SERVICE_CALL_LIST_CALL_H_

#include <cstddef>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "upstream/mapping/paged_list.h"

namespace gateway {

// `upstream` is the position of the list's upstream in a generation. All else that is given
// outlives the endpoint's calls.
Endpoint ListEndpoint(const Surroundings& surroundings, Method& method,
                      const mapping::PagedList& list, size_t upstream);

}  // namespace gateway

#endif  // SERVICE_CALL_LIST_CALL_H_
