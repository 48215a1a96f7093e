// Checks whether bytes are what protobuf's deterministic serializer would write for them, without
// parsing them into messages.
#ifndef UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
#define UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"

namespace gateway::mapping {

// True is certain. False may be wrong: it is returned without a closer look for free-form JSON,
// maps whose keys are not in order, lists in pieces, numbers with needless bytes, and values that a
// serializer leaves out. All fields must have explicit presence, as ours have. Thread-safety: a
// pure function.
bool IsSerialized(const MessagePlan& plan, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
