// Checks a request before it is sent: nothing in it may end a line early, redefine the framing or
// smuggle in a second request.
//
// Pure functions, safe to call from any thread.
#ifndef UPSTREAM_HTTP_REQUEST_CHECK_H_
#define UPSTREAM_HTTP_REQUEST_CHECK_H_

#include "absl/status/status.h"
#include "upstream/http/message.h"

namespace gateway::http {

// Returns INVALID_ARGUMENT with the part that is wrong, and with nothing of the request's content.
//
// - The URL must be http or https, have a host and no user part, and hold visible ASCII only.
// - A header must be "Name: value". The name must be a token (RFC 9110, 5.6.2); the value must not
//   hold control characters other than tabs.
// - Headers that decide about framing, the connection or the encoding belong to the transport and
//   are refused.
absl::Status Check(const Request& request);

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REQUEST_CHECK_H_
