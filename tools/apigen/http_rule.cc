#include "tools/apigen/http_rule.h"

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
