// One call's request: protobuf bytes and a route in, an HTTP request out, or everything that is
// wrong with it.
#ifndef UPSTREAM_MAPPING_REQUEST_WRITER_H_
#define UPSTREAM_MAPPING_REQUEST_WRITER_H_

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

struct RestRequest {
  // Verb, URL and body; headers and deadline are the caller's.
  http::Request http;
  // The account that the request names, or the default. Empty where the operation has none.
  std::string tenant;
};

// `base_url` has no slash at its end. `default_tenant` stands in for a tenant field that is not
// set; empty for none. A Failure is INVALID_ARGUMENT with outcome kNotSent.
//
// Thread-safety: a pure function.
std::variant<RestRequest, Failure> WriteRequest(const Route& route, absl::string_view message,
                                                absl::string_view base_url,
                                                absl::string_view default_tenant);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_WRITER_H_
