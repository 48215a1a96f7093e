// Checks the parts of a request against what its operation declares.
//
// Pure.
#ifndef UPSTREAM_SANDBOX_REQUEST_H_
#define UPSTREAM_SANDBOX_REQUEST_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {

// Each function appends what is wrong to `violations`. ReadPath and ReadQuery return the valid
// values, by name.
Json ReadPath(const Operation& operation, const std::vector<std::string>& values,
              std::vector<Violation>& violations);

// A parameter that the operation does not declare is also a violation. The real upstream may ignore
// it, but this sandbox exists to find such mistakes.
Json ReadQuery(const Operation& operation,
               const std::vector<std::pair<std::string, std::string>>& query,
               std::vector<Violation>& violations);

// Returns the body as JSON. An empty body counts as an empty object. If the operation declares no
// body, the body is ignored and an empty object is returned. `form`: the body must be a form, not
// JSON.
Json ReadBody(const Operation& operation, absl::string_view content_type, absl::string_view body,
              bool form, std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_REQUEST_H_
