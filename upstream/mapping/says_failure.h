// Whether a 2xx reply says that the call failed: {"success": false}, {"status": 400},
// {"error": {...}}, "error: no". Only for bodies and members that the protos do not document: a
// documented member "status" may mean something else.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_SAYS_FAILURE_H_
#define UPSTREAM_MAPPING_SAYS_FAILURE_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// `body` is JSON, or any other text. True for a list if one of the objects in it says that the call
// failed.
bool SaysFailure(absl::string_view body);

// `value` may be an object, a list or a scalar.
bool SaysFailure(const nlohmann::json& value);

// Whether SaysFailure can be true for an object because of a member of this name.
bool MaySayFailure(absl::string_view name);

// Whether an object has a member that denies success, such as {"success": false}.
bool DeniesSuccess(const nlohmann::json& object);

// Whether a member of this name can make DeniesSuccess or IsErrorThatIsThere true, or be the code
// of an error in a common form.
bool MayTellOfError(absl::string_view name);

// Whether the member is named `error`, `errors`, `fault` or `exception`, and has anything in it.
// Values such as 0, "none" and {"code": 0} count as nothing.
bool IsErrorThatIsThere(absl::string_view name, const nlohmann::json& value);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SAYS_FAILURE_H_
