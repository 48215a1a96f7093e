// Whether bytes are what protobuf's deterministic serializer would write of them, without parsing
// them into messages.
#ifndef UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
#define UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"

namespace gateway::mapping {

// True is a promise. False says only that it is not certain: free-form JSON, maps whose keys are
// not in order, lists in pieces, numbers with needless bytes, values that a serializer leaves out.
// Fields have explicit presence, as ours have. Thread-safety: a pure function.
bool IsSerialized(const MessagePlan& plan, absl::string_view bytes);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_SERIALIZED_H_
