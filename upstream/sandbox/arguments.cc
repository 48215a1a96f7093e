#include "upstream/sandbox/arguments.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

const Json& None() {
  static const Json& none = *new Json(Json::object());
  return none;
}

const Json& Data(const std::string& provider) {
  static const auto& all = *[] {
    auto* parsed = new std::map<std::string, Json>;
    for (const Bundle& bundle : Bundles()) {
      parsed->emplace(bundle.provider, ParseJson(bundle.arguments).value());
    }
    return parsed;
  }();
  const auto found = all.find(provider);
  return found == all.end() ? None() : found->second;
}

const Json& Special(const Operation& operation, const char* part) {
  const Json& operations = Data(operation.provider).at("operations");
  const auto found = operations.find(operation.id);
  return found == operations.end() || !found->contains(part) ? None() : found->at(part);
}

}  // namespace

std::string SeededPathValue(const Operation& operation, absl::string_view parameter) {
  const std::string name(parameter);
  const Json& special = Special(operation, "path");
  return special.contains(name) ? special.at(name) : Data(operation.provider).at("path").at(name);
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
  const auto add = [&](const std::string& name, const Json& value) {
    absl::StrAppend(&target, std::string(1, separator), name, "=", PlainText(value));
    separator = '&';
  };
  const Json& seeded = SeededQuery(operation);
  for (const auto& [name, value] : seeded.items()) add(name, value);
  const ExampleOptions options = SeededExample(Fill::kFull, operation.provider);
  for (const Parameter& parameter : operation.query) {
    if (parameter.required && !seeded.contains(parameter.name)) {
      add(parameter.name, ExampleParameter(parameter, options));
    }
  }
  return target;
}

ExampleOptions SeededExample(Fill fill, const std::string& provider) {
  ExampleOptions options;
  options.fill = fill;
  options.known = [&members = Data(provider).at("members")](absl::string_view member) {
    const auto value = members.find(std::string(member));
    return value == members.end() ? Absent() : *value;
  };
  return options;
}

}  // namespace gateway::sandbox
