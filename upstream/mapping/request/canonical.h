// Puts the fields of a request into the order in which protobuf serializes them, for the rare
// sender that used another order.
#ifndef UPSTREAM_MAPPING_REQUEST_CANONICAL_H_
#define UPSTREAM_MAPPING_REQUEST_CANONICAL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// Parses the request with protobuf and serializes it anew. Returns nullopt for bytes that do not
// parse, and for numbers that protobuf would cut to 32 bits: a wrong number is worse than an error.
//
// Thread-safety: a pure function.
std::optional<std::string> Canonical(const Route& route, absl::string_view message);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_CANONICAL_H_
