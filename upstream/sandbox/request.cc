#include "upstream/sandbox/request.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gateway::sandbox {
namespace {

// "application/json", "text/json", "application/problem+json"; parameters are ignored.
bool IsJsonType(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || type == "text/json" ||
         (absl::StartsWith(type, "application/") && absl::EndsWith(type, "+json"));
}

}  // namespace

Json ReadPath(const Operation& operation, const std::vector<std::string>& values,
              std::vector<Violation>& violations) {
  Json read = Json::object();
  for (size_t i = 0; i < operation.path_params.size(); ++i) {
    const Parameter& parameter = operation.path_params[i];
    // Rules compare texts: a path number is kept as it was written.
    if (!IsAbsent(ParseParameter(parameter, values[i], violations))) {
      read[parameter.name] = values[i];
    }
  }
  return read;
}

Json ReadQuery(const Operation& operation,
               const std::vector<std::pair<std::string, std::string>>& query,
               std::vector<Violation>& violations) {
  Json read = Json::object();
  for (const auto& [name, text] : query) {
    const Parameter* parameter = operation.FindQuery(name);
    if (parameter == nullptr) {
      violations.push_back({"unknown", "is not a parameter of this operation", name});
      continue;
    }
    Json value = ParseParameter(*parameter, text, violations);
    if (IsAbsent(value)) continue;
    if (parameter->type.kind == Type::Kind::kArray) {
      read[name].push_back(std::move(value));
    } else if (read.contains(name)) {
      violations.push_back({"repeated", "may be given once", name});
    } else {
      read[name] = std::move(value);
    }
  }
  for (const Parameter& parameter : operation.query) {
    if (parameter.required && !read.contains(parameter.name)) {
      violations.push_back({"required", "is required", parameter.name});
    }
  }
  return read;
}

Json ReadBody(const Operation& operation, absl::string_view content_type, absl::string_view body,
              std::vector<Violation>& violations) {
  if (!operation.body) return Json::object();
  std::optional<Json> value = Json::object();
  if (!body.empty()) {
    if (!IsJsonType(content_type)) {
      violations.push_back({"content-type", "must be application/json", ""});
      return Json::object();
    }
    value = ParseJson(body);
    if (!value) {
      violations.push_back({"json", "is not JSON", ""});
      return Json::object();
    }
  }
  const std::vector<Violation> found =
      Validate(*operation.body, *value, UnknownMembers::kAsDeclared);
  violations.insert(violations.end(), found.begin(), found.end());
  return *std::move(value);
}

}  // namespace gateway::sandbox
