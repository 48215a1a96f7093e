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

Json ErrorBody(const Refusal& refusal, absl::string_view trace_id) {
  Json body = {{"status", refusal.status},
               {"code", refusal.code},
               {"message", refusal.message},
               {"trace_id", std::string(trace_id)}};
  for (const Violation& violation : refusal.violations) {
    body["errors"].push_back({{"code", absl::StrCat("invalid-", violation.code)},
                              {"message", violation.message},
                              {"path", violation.path},
                              {"validation", violation.code}});
  }
  return body;
}

}  // namespace gateway::sandbox
