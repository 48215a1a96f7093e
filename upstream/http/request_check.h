// What a request must look like before it may touch the wire: nothing in it can end a line early,
// redefine the framing or smuggle in a second request.
//
// Pure functions, safe to call from any thread.
#ifndef UPSTREAM_HTTP_REQUEST_CHECK_H_
#define UPSTREAM_HTTP_REQUEST_CHECK_H_

#include "absl/status/status.h"
#include "upstream/http/message.h"

namespace gateway::http {

// INVALID_ARGUMENT says which part is wrong, and repeats nothing of the request's content.
//
// - The URL is http or https, has a host and no user part, and holds visible ASCII only.
// - A header is "Name: value": the name a token (RFC 9110, 5.6.2), the value free of control
// characters but for tabs.
// - Headers that decide about framing, the connection or the encoding belong to the transport and
// are refused.
absl::Status Check(const Request& request);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REQUEST_CHECK_H_
