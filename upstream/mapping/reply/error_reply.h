// Makes a Failure from an error reply: the status table decides, and the body and headers fill in
// the details.
//
// Reading is lenient: a body in another form, an HTML page or no body still gives a good Failure.
// The original code, message and trace id are always kept if there are any.
#ifndef UPSTREAM_MAPPING_REPLY_ERROR_REPLY_H_
#define UPSTREAM_MAPPING_REPLY_ERROR_REPLY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/http/message.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// `response.status` must not be 2xx.
Failure ReadErrorReply(const Route& route, const http::Response& response);

// Returns the upstream's own id for the request from the headers, or "".
std::string ReadTraceId(const v1::Provider& provider, const http::Response& response);

// Reads a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date in any of its three
// forms, which is compared with `now`. A date that has passed gives 0; the result is at most
// `most`. Returns nullopt for anything else, including a negative number.
inline constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);
std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now,
                                              absl::Duration most = kMaxRetryAfter);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_ERROR_REPLY_H_
