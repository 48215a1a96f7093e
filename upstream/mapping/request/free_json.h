// google.protobuf.Struct, Value and ListValue in a request: JSON of any form, passed on as it is.
#ifndef UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
#define UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/byte_sink.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {

// The deepest nesting of objects and arrays that is accepted. An object takes three of the
// kMaxDepth levels of messages. A reply that echoes the request must be readable, too: otherwise
// the caller would not know whether the call happened.
inline constexpr int kMaxFreeJsonDepth = 30;

// AppendFreeJson and AppendFreeMembers return false if a value is split into parts on the wire: no
// serializer writes that, but it is legal, and protobuf's parser joins the parts. Errors are added
// to `violations` with their path; an empty string is written in place of a wrong value, so that
// the output stays JSON.

// Appends the message of `kind` (kStruct, kValue or kListValue) in `bytes` as JSON.
bool AppendFreeJson(Kind kind, absl::string_view bytes, const Path& at, Violations& violations,
                    ByteSink& out);

// Appends the members of the google.protobuf.Struct in `bytes` to a JSON object that the caller has
// begun in `out` and will close. `beside` is the message of that object. A member with the name of
// one of its fields is a violation.
bool AppendFreeMembers(const MessagePlan& beside, absl::string_view bytes, const Path& at,
                       Violations& violations, ByteSink& out);

// Checks a value against `field`, which is of kind kValue. Returns an error text, or "".
absl::string_view CheckFreeValue(const FieldPlan& field, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_FREE_JSON_H_
