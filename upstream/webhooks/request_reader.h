// Splits a serialized gateway.webhooks.v1.ParseEventRequest in place: the body of a webhook is not
// copied to be verified.
//
// Thread-safety: a pure function. Lifetime: what it returns points into the bytes.
#ifndef UPSTREAM_WEBHOOKS_REQUEST_READER_H_
#define UPSTREAM_WEBHOOKS_REQUEST_READER_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/webhooks/verifier.h"

namespace gateway::webhooks {

struct Request {
  absl::string_view provider;
  std::vector<Header> headers;
  absl::string_view body;
};

struct BadRequest {
  std::string description;
};

// If a singular field occurs several times, the last one counts, as in protobuf. An unknown field
// is refused, as in every request.
std::variant<Request, BadRequest> ReadRequest(absl::string_view bytes);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_REQUEST_READER_H_
