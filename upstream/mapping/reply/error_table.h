// Two tables that turn an HTTP status, or a transport error, into a Failure. They keep the promise
// of the service:
//
//   UNAVAILABLE always means that a repeat is safe. A client that retries UNAVAILABLE by habit
//   never repeats a refund.
#ifndef UPSTREAM_MAPPING_REPLY_ERROR_TABLE_H_
#define UPSTREAM_MAPPING_REPLY_ERROR_TABLE_H_

#include "upstream/http/message.h"
#include "upstream/mapping/access.h"
#include "upstream/mapping/failure.h"

namespace gateway::mapping {

// `access` says whether the operation changes anything (Route::access). Sets code, outcome, reason,
// from_upstream and http_status; the caller adds the details of the reply's body and headers.
// `http_status` must not be 2xx.
Failure FromHttpStatus(int http_status, Access access);

// For a complete 2xx that is not the documented reply: not JSON, a wrong type, an error.
Failure UnusableReply(Access access);

// For a 2xx reply whose head has arrived, but whose body is lost (Response::body_state). The
// upstream has acted or answered, but its reply is not known.
Failure FromLostBody(const http::Response& response, Access access);

// For a call that got no reply.
Failure FromTransportError(const http::Error& error, Access access);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_ERROR_TABLE_H_
