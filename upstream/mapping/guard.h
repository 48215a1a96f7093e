// What a write is about, for the ledger: the field that Once.guard names.
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_MAPPING_GUARD_H_
#define UPSTREAM_MAPPING_GUARD_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

// The fields of Once.guard, from `request` inwards. INVALID_ARGUMENT says why there is no such
// field: it has to be a string or an integer that is not repeated.
absl::StatusOr<std::vector<const google::protobuf::FieldDescriptor*>> ResolveGuard(
    const google::protobuf::Descriptor& request, absl::string_view path);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_GUARD_H_
