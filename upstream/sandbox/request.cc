#include "upstream/sandbox/request.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/sandbox/form.h"

namespace gateway::sandbox {
namespace {

constexpr absl::string_view kFormType = "application/x-www-form-urlencoded";

std::string MediaType(absl::string_view content_type) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
}

// Accepts "application/json", "text/json", "application/problem+json"; parameters are ignored.
bool IsJsonType(absl::string_view content_type) {
  const std::string type = MediaType(content_type);
  return type == "application/json" || type == "text/json" ||
         (absl::StartsWith(type, "application/") && absl::EndsWith(type, "+json"));
}

bool IsObject(const Parameter& parameter) {
  return parameter.type.kind == Type::Kind::kRef && parameter.type.schema->is_object;
}

// Reads object parameters. Their members come as separate pairs: "created[gte]" is a part of
// "created".
void ReadObjects(const Operation& operation, const Pairs& query, std::vector<Violation>& violations,
                 Json& read) {
  for (const Parameter& parameter : operation.query) {
    if (!IsObject(parameter)) continue;
    Pairs own;
    for (const auto& [name, text] : query) {
      absl::string_view rest = name;
      if (absl::ConsumePrefix(&rest, parameter.name) && absl::StartsWith(rest, "[")) {
        own.emplace_back(absl::StripSuffix(rest.substr(1), "]"), text);
      }
    }
    if (own.empty()) continue;
    read[parameter.name] = ReadForm(parameter.type, own);
    for (Violation& violation :
         Validate(parameter.type, read[parameter.name], UnknownMembers::kRefused)) {
      violation.path = absl::StrCat(parameter.name, ".", violation.path);
      violations.push_back(std::move(violation));
    }
  }
}

// Reads the body as a value. On failure, appends to `violations` and returns nullopt.
std::optional<Json> ReadText(const Type& type, absl::string_view content_type,
                             absl::string_view body, bool form,
                             std::vector<Violation>& violations) {
  if (body.empty()) return Json::object();
  const bool known = form ? MediaType(content_type) == kFormType : IsJsonType(content_type);
  if (!known) {
    violations.push_back(
        {"content-type", absl::StrCat("must be ", form ? kFormType : "application/json"), ""});
    return std::nullopt;
  }
  if (form) return ReadForm(type, ParsePairs(body));
  std::optional<Json> value = ParseJson(body);
  if (!value) violations.push_back({"json", "is not JSON", ""});
  return value;
}

}  // namespace

Json ReadPath(const Operation& operation, const std::vector<std::string>& values,
              std::vector<Violation>& violations) {
  Json read = Json::object();
  for (size_t i = 0; i < operation.path_params.size(); ++i) {
    const Parameter& parameter = operation.path_params[i];
    // The behaviour's rules compare texts, so a number in the path is kept as it was written.
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
    const Parameter* parameter = operation.FindQuery(name.substr(0, name.find('[')));
    if (parameter != nullptr && IsObject(*parameter) && name != parameter->name) continue;
    if (parameter != nullptr && name != parameter->name) parameter = nullptr;
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
  ReadObjects(operation, query, violations, read);
  for (const Parameter& parameter : operation.query) {
    if (parameter.required && !read.contains(parameter.name)) {
      violations.push_back({"required", "is required", parameter.name});
    }
  }
  return read;
}

Json ReadBody(const Operation& operation, absl::string_view content_type, absl::string_view body,
              bool form, std::vector<Violation>& violations) {
  if (!operation.body) return Json::object();
  const std::optional<Json> value = ReadText(*operation.body, content_type, body, form, violations);
  if (!value) return Json::object();
  for (Violation& found : Validate(*operation.body, *value, UnknownMembers::kAsDeclared)) {
    const bool own_member = found.path.find_first_of(".[") == std::string::npos;
    if (operation.partial && found.code == "required" && own_member) continue;
    violations.push_back(std::move(found));
  }
  return *value;
}

}  // namespace gateway::sandbox
