// Whether a reply says of itself that it is none: {"success": false}, {"status": 400}, "error: no".
// For replies of which nothing is documented, or in which nothing documented is found: there a
// member "status" is nobody's else.
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_MAPPING_SAYS_FAILURE_H_
#define UPSTREAM_MAPPING_SAYS_FAILURE_H_

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// `body`: JSON, or a text.
bool SaysFailure(absl::string_view body);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SAYS_FAILURE_H_
