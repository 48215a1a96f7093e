#include "tools/apigen/openapi.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/apigen/json_reader.h"
#include "tools/apigen/openapi_schema.h"

namespace gateway::apigen {
namespace {

constexpr std::array<absl::string_view, 5> kVerbs = {"get", "put", "post", "delete", "patch"};
constexpr absl::string_view kNoContent = "204";

bool IsListed(const Node& operation, JsonReader& reader) {
  return !reader.BoolOr(operation, "deprecated", false) &&
         !reader.BoolOr(operation, "x-gitbook-ignore", false);
}

// The JSON schema among the media types of a body. A body without one cannot be mapped.
std::optional<Schema> ReadContent(const Node& holder, JsonReader& reader) {
  const auto content = reader.Find(holder, "content");
  if (!content || !reader.IsObject(*content) || content->json->empty()) return std::nullopt;
  std::string chosen;
  for (const auto& [media_type, unused] : content->json->items()) {
    const bool json = absl::EndsWith(media_type, "json");
    if (media_type == "application/json" || (json && chosen.empty())) chosen = media_type;
  }
  if (chosen.empty()) {
    reader.Fail(*content, "offers no JSON");
    return std::nullopt;
  }
  const Node media_type = reader.Require(*content, chosen);
  const auto schema = reader.Find(media_type, "schema");
  if (!schema) return std::nullopt;
  return ReadSchema(*schema, reader);
}

std::optional<Schema> ReadReply(const Node& operation, JsonReader& reader) {
  const Node responses = reader.Require(operation, "responses");
  if (!reader.IsObject(responses)) return std::nullopt;
  for (const auto& [code, unused] : responses.json->items()) {
    if (!absl::StartsWith(code, "2") || code == kNoContent) continue;
    const Node response = reader.Resolve(reader.Require(responses, code));
    if (auto schema = ReadContent(response, reader)) return schema;
  }
  return std::nullopt;
}

// What an operation says about a parameter takes the place of what its path says.
void AddOrReplace(Property parameter, std::vector<Property>& parameters) {
  for (Property& other : parameters) {
    if (other.name == parameter.name) {
      other = std::move(parameter);
      return;
    }
  }
  parameters.push_back(std::move(parameter));
}

void ReadParameters(const Node& holder, JsonReader& reader, Operation& operation) {
  const auto list = reader.Find(holder, "parameters");
  if (!list || !reader.IsArray(*list)) return;
  for (size_t i = 0; i < list->json->size(); ++i) {
    const Node node = reader.Resolve(reader.Element(*list, i));
    const std::string in = reader.RequireString(node, "in");
    Property parameter;
    parameter.name = reader.RequireString(node, "name");
    parameter.required = reader.BoolOr(node, "required", false);
    parameter.schema = ReadSchema(reader.Require(node, "schema"), reader);
    if (reader.BoolOr(node, "deprecated", false)) parameter.schema.deprecated = true;
    if (in == "path") {
      parameter.required = true;
      AddOrReplace(std::move(parameter), operation.path_parameters);
    } else if (in == "query") {
      AddOrReplace(std::move(parameter), operation.query_parameters);
    } else {
      reader.Fail(node, absl::StrCat("parameters in \"", in, "\" cannot be mapped"));
    }
  }
}

// The path names its parameters; each must be declared, and each declared one must be named.
void OrderByPath(const Node& node, JsonReader& reader, Operation& operation) {
  auto& parameters = operation.path_parameters;
  const auto position = [&](const Property& parameter) {
    return operation.path.find(absl::StrCat("{", parameter.name, "}"));
  };
  for (const Property& parameter : parameters) {
    if (position(parameter) == std::string::npos) {
      reader.Fail(node, absl::StrCat("parameter \"", parameter.name, "\" is not in the path"));
    }
  }
  const auto in_path = std::count(operation.path.begin(), operation.path.end(), '{');
  if (static_cast<size_t>(in_path) != parameters.size()) {
    reader.Fail(node, "the path has parameters that are not declared");
  }
  std::sort(parameters.begin(), parameters.end(),
            [&](const Property& a, const Property& b) { return position(a) < position(b); });
}

std::string ReadTag(const Node& node, JsonReader& reader) {
  const Node tags = reader.Require(node, "tags");
  if (tags.json->is_array() && tags.json->size() == 1 && tags.json->front().is_string()) {
    return tags.json->front().get<std::string>();
  }
  reader.Fail(tags, "is not exactly one tag");
  return "";
}

Operation ReadOperation(const std::string& path, const std::string& verb, const Node& path_item,
                        const Node& node, JsonReader& reader) {
  Operation operation;
  operation.pointer = node.pointer;
  operation.path = path;
  operation.verb = verb;
  operation.tag = ReadTag(node, reader);
  const std::string id = reader.RequireString(node, "operationId");
  operation.rpc = id.substr(id.rfind('_') + 1);
  ReadParameters(path_item, reader, operation);
  ReadParameters(node, reader, operation);
  OrderByPath(node, reader, operation);
  if (const auto body = reader.Find(node, "requestBody")) {
    operation.body = ReadContent(reader.Resolve(*body), reader);
  }
  operation.reply = ReadReply(node, reader);
  return operation;
}

void ReadPaths(JsonReader& reader, Api& api) {
  const Node paths = reader.Require(reader.Root(), "paths");
  if (!reader.IsObject(paths)) return;
  for (const auto& [path, unused] : paths.json->items()) {
    const Node path_item = reader.Require(paths, path);
    if (!reader.IsObject(path_item)) return;
    for (const auto& [verb, unused_too] : path_item.json->items()) {
      if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end()) continue;
      const Node node = reader.Require(path_item, verb);
      if (!IsListed(node, reader)) continue;
      api.operations.push_back(ReadOperation(path, verb, path_item, node, reader));
    }
  }
}

void ReadSchemas(JsonReader& reader, Api& api) {
  const auto components = reader.Find(reader.Root(), "components");
  const auto schemas = components ? reader.Find(*components, "schemas") : std::nullopt;
  if (!schemas || !reader.IsObject(*schemas)) return;
  for (const auto& [name, unused] : schemas->json->items()) {
    api.schemas.push_back({name, ReadSchema(reader.Require(*schemas, name), reader)});
  }
}

}  // namespace

absl::StatusOr<Api> ParseOpenApi(absl::string_view text) {
  const Json root = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return absl::InvalidArgumentError("#: is not JSON");
  JsonReader reader(root);
  const std::string version = reader.RequireString(reader.Root(), "openapi");
  if (reader.status().ok() && !absl::StartsWith(version, "3.")) {
    reader.Fail("#/openapi", absl::StrCat("\"", version, "\" is not a version 3"));
  }
  Api api;
  ReadSchemas(reader, api);
  ReadPaths(reader, api);
  if (!reader.status().ok()) return reader.status();
  return api;
}

}  // namespace gateway::apigen
