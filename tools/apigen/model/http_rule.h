// The two parts of a google.api.http option that apigen reads and writes: verb and path.
//
// Pure functions.
#ifndef TOOLS_APIGEN_MODEL_HTTP_RULE_H_
#define TOOLS_APIGEN_MODEL_HTTP_RULE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/api/http.pb.h"

namespace gateway::apigen {

struct HttpTarget {
  // In lower case, as in OpenAPI: "get". Empty for a rule without one of the five verbs.
  std::string verb;
  std::string path;
};

HttpTarget TargetOf(const google::api::HttpRule& rule);

// "get /v1/stores/{}": verb and path without parameter names.
std::string RouteText(absl::string_view verb, absl::string_view path);

// The names in braces, in order.
std::vector<std::string> VariablesOf(const std::string& path);

// Returns false, and leaves the rule unchanged, if the verb is not get, put, post, delete or patch.
bool SetTarget(absl::string_view verb, const std::string& path, google::api::HttpRule& rule);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_HTTP_RULE_H_
