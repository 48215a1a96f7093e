// The two halves of a google.api.http option that apigen reads and writes: verb and path.
//
// Pure functions.
#ifndef TOOLS_APIGEN_HTTP_RULE_H_
#define TOOLS_APIGEN_HTTP_RULE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/api/http.pb.h"

namespace gateway::apigen {

struct HttpTarget {
  // In lower case, as OpenAPI spells it: "get". Empty for a rule without one of the five verbs.
  std::string verb;
  std::string path;
};

HttpTarget TargetOf(const google::api::HttpRule& rule);

// "get /v1/stores/{}": verb and path without the names of parameters.
std::string RouteText(absl::string_view verb, absl::string_view path);

// The names that stand in braces, in order.
std::vector<std::string> VariablesOf(const std::string& path);

// False: not one of get, put, post, delete, patch; the rule is as it was.
bool SetTarget(absl::string_view verb, const std::string& path, google::api::HttpRule& rule);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_HTTP_RULE_H_
