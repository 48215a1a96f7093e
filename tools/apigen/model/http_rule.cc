#include "tools/apigen/model/http_rule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gateway::apigen {

HttpTarget TargetOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"get", rule.get()};
    case google::api::HttpRule::kPut:
      return {"put", rule.put()};
    case google::api::HttpRule::kPost:
      return {"post", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"delete", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"patch", rule.patch()};
    default:
      return {};
  }
}

std::string RouteText(absl::string_view verb, absl::string_view path) {
  std::string route = absl::StrCat(verb, " ");
  bool in_parameter = false;
  for (char c : path) {
    if (c == '}') in_parameter = false;
    if (!in_parameter) route += c;
    if (c == '{') in_parameter = true;
  }
  return route;
}

std::vector<std::string> VariablesOf(const std::string& path) {
  std::vector<std::string> names;
  for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
    const size_t close = std::min(path.find('}', open), path.size());
    names.push_back(path.substr(open + 1, close - open - 1));
  }
  return names;
}

bool SetTarget(absl::string_view verb, const std::string& path, google::api::HttpRule& rule) {
  if (verb == "get") {
    rule.set_get(path);
  } else if (verb == "put") {
    rule.set_put(path);
  } else if (verb == "post") {
    rule.set_post(path);
  } else if (verb == "delete") {
    rule.set_delete_(path);
  } else if (verb == "patch") {
    rule.set_patch(path);
  } else {
    return false;
  }
  return true;
}

}  // namespace gateway::apigen
