// Writes one call's request: from protobuf bytes and a route to an HTTP request, or to a list of
// all errors.
#ifndef UPSTREAM_MAPPING_REQUEST_REQUEST_WRITER_H_
#define UPSTREAM_MAPPING_REQUEST_REQUEST_WRITER_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "upstream/http/message.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

struct RestRequest {
  // The verb, the URL, the body, and the headers that these need. The caller adds the key and the
  // deadline.
  http::Request http;
  // The account that the request names, or the default. Empty if the operation has none.
  std::string tenant;
};

// The inputs of a request besides the message. Views must outlive the call.
struct RequestContext {
  // No slash at its end.
  absl::string_view base_url;
  // The tenant if the request does not set the tenant field. Empty: there is no default.
  absl::string_view default_tenant = "";
  // The caller's `idempotency-key`; nullopt for none. An empty key is refused.
  std::optional<absl::string_view> idempotency_key = std::nullopt;
  // A ledger heeds the key of every write, so a key is accepted even if the upstream ignores keys.
  // The ledger then decides which key the upstream gets, so none is written here.
  bool ledger_heeds_keys = false;
  // The URL is for showing, not for sending: asterisks replace the sensitive values.
  bool hides_secrets = false;
  // Bounds that are relative to the present are checked against this time.
  absl::Time now = absl::Now();
};

// A Failure is INVALID_ARGUMENT with outcome kNotSent. A key for a write is refused if neither the
// upstream nor a ledger heeds it: its caller would rely on protection that does not exist. A read
// accepts a key, but an invalid key is refused there too.
//
// Thread-safety: a pure function.
std::variant<RestRequest, Failure> WriteRequest(const Route& route, absl::string_view message,
                                                const RequestContext& context);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_REQUEST_WRITER_H_
