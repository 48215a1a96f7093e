#include "upstream/sandbox/refusal.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::sandbox {

Refusal NotFound(absl::string_view what) {
  return {404, "not-found", absl::StrCat(what, " was not found"), {}};
}

Refusal BadRequest(std::vector<Violation> violations) {
  return {400, "bad-request", "the request is not valid", std::move(violations)};
}

}  // namespace gateway::sandbox
