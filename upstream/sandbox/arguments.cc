#include "upstream/sandbox/arguments.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

extern "C" {
extern const char sandbox_arguments_paynow[];
extern const char sandbox_arguments_paynow_end[];
}

namespace gateway::sandbox {
namespace {

const Json& Data() {
  static const Json* const kData = new Json(
      ParseJson({sandbox_arguments_paynow,
                 static_cast<size_t>(sandbox_arguments_paynow_end - sandbox_arguments_paynow)})
          .value());
  return *kData;
}

const Json& Special(const Operation& operation, const char* part) {
  static const Json* const kEmpty = new Json(Json::object());
  const auto found = Data().at("operations").find(operation.id);
  if (found == Data().at("operations").end() || !found->contains(part)) return *kEmpty;
  return found->at(part);
}

}  // namespace

std::string SeededPathValue(const Operation& operation, absl::string_view parameter) {
  const std::string name(parameter);
  const Json& special = Special(operation, "path");
  return special.contains(name) ? special.at(name) : Data().at("path").at(name);
}

const Json& SeededQuery(const Operation& operation) { return Special(operation, "query"); }

std::string SeededPath(const Operation& operation) {
  std::string path = operation.path;
  for (const Parameter& parameter : operation.path_params) {
    absl::StrReplaceAll(
        {{absl::StrCat("{", parameter.name, "}"), SeededPathValue(operation, parameter.name)}},
        &path);
  }
  return path;
}

std::string SeededTarget(const Operation& operation) {
  std::string target = SeededPath(operation);
  char separator = '?';
  for (const auto& [name, value] : SeededQuery(operation).items()) {
    absl::StrAppend(&target, std::string(1, separator), name, "=", PlainText(value));
    separator = '&';
  }
  return target;
}

ExampleOptions SeededExample(Fill fill) {
  ExampleOptions options;
  options.fill = fill;
  options.known = [](absl::string_view member) {
    const auto value = Data().at("members").find(std::string(member));
    return value == Data().at("members").end() ? Absent() : *value;
  };
  return options;
}

}  // namespace gateway::sandbox
