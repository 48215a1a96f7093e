// Holds a request's parts against what its operation declares.
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

// Each appends to `violations` what is wrong and returns what is right, by name.
Json ReadPath(const Operation& operation, const std::vector<std::string>& values,
              std::vector<Violation>& violations);

// A parameter that the operation does not declare is a violation too: the upstream may let it pass,
// a stand-in that is to find slips must not.
Json ReadQuery(const Operation& operation,
               const std::vector<std::pair<std::string, std::string>>& query,
               std::vector<Violation>& violations);

// A body that is left out is an empty object, where an object is declared. Bodies without a
// declaration are ignored. `form`: bodies are forms, not JSON.
Json ReadBody(const Operation& operation, absl::string_view content_type, absl::string_view body,
              bool form, std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_REQUEST_H_
