// Whether a reply says of itself that it is none: {"success": false}, {"status": 400},
// {"error": {...}}, "error: no". For what the protos do not document: there a member "status" is
// nobody's else.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_SAYS_FAILURE_H_
#define UPSTREAM_MAPPING_SAYS_FAILURE_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// `body`: JSON, or a text. Of a list, each element that is an object speaks.
bool SaysFailure(absl::string_view body);

// An object, a list, or a scalar.
bool SaysFailure(const nlohmann::json& value);

// Whether an object can say so by a member of this name.
bool MaySayFailure(absl::string_view name);

// Whether an object says in so many words that it is no success: {"success": false}.
bool DeniesSuccess(const nlohmann::json& object);

// Whether a member of this name can make DeniesSuccess or IsErrorThatIsThere true, or be the code
// of an error in a common form.
bool MayTellOfError(absl::string_view name);

// Whether a member of this name that has anything in it is an error: `error`, `errors`, `fault`.
bool IsErrorThatIsThere(absl::string_view name, const nlohmann::json& value);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SAYS_FAILURE_H_
