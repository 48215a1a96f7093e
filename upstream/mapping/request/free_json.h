// google.protobuf.Struct, Value and ListValue in a request: JSON of any form, carried through.
#ifndef UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
#define UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/byte_sink.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {

// Objects and arrays within each other; deeper is refused. An object costs three of kMaxDepth's
// messages, and what a request was allowed to send must fit into the reply that echoes it: an
// answer that cannot be read would leave open whether the call happened.
inline constexpr int kMaxFreeJsonDepth = 30;

// Both return false where a value stands on the wire in pieces: legal, but no serializer writes it,
// and protobuf's parser puts them together. What is wrong is added to `violations`, each with its
// place; an empty string stands in for it, so that what is written stays JSON.

// The message of `kind` (kStruct, kValue or kListValue) in `bytes` as JSON.
bool AppendFreeJson(Kind kind, absl::string_view bytes, const Path& at, Violations& violations,
                    ByteSink& out);

// The google.protobuf.Struct in `bytes` as further members of an object of type `beside` that `out`
// is in the middle of. A member that has a field of its own there is refused.
bool AppendFreeMembers(const MessagePlan& beside, absl::string_view bytes, const Path& at,
                       Violations& violations, ByteSink& out);

// What `field`, of kind kValue, asks of a good value. Returns what is wrong, or "".
absl::string_view CheckFreeValue(const FieldPlan& field, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
