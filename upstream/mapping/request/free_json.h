// google.protobuf.Struct, Value and ListValue in a request: JSON of any form, carried through.
#ifndef UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
#define UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/byte_sink.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {

// The deepest nesting of objects and arrays that is accepted. An object costs three of kMaxDepth's
// messages, and a reply that echoes the request must be readable too: otherwise the caller would
// not know whether the call happened.
inline constexpr int kMaxFreeJsonDepth = 30;

// Both return false if a value is split on the wire: that is legal, but no serializer writes it,
// and protobuf's parser joins the parts. Errors are added to `violations` with their path; an empty
// string is written in place of a wrong value, so that the output stays JSON.

// Appends the message of `kind` (kStruct, kValue or kListValue) in `bytes` as JSON.
bool AppendFreeJson(Kind kind, absl::string_view bytes, const Path& at, Violations& violations,
                    ByteSink& out);

// Appends the google.protobuf.Struct in `bytes` as further members of an object of type `beside`.
// `out` is in the middle of that object. Refuses a member that has a field of its own there.
bool AppendFreeMembers(const MessagePlan& beside, absl::string_view bytes, const Path& at,
                       Violations& violations, ByteSink& out);

// Checks a value against `field`, which is of kind kValue. Returns an error text, or "".
absl::string_view CheckFreeValue(const FieldPlan& field, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
