// Checks whether bytes are what protobuf's deterministic serializer would write for them, without
// parsing them into messages.
#ifndef UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
#define UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"

namespace gateway::mapping {

// If true, the bytes are exactly what the serializer writes. If false, they may still be: free-form
// JSON (google.protobuf.Struct, Value, ListValue) always gives false, because it is not examined.
// All fields must have explicit presence, as ours have. Thread-safety: a pure function.
bool IsSerialized(const MessagePlan& plan, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
