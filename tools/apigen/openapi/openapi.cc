#include "tools/apigen/openapi/openapi.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/apigen/model/http_rule.h"
#include "tools/apigen/openapi/json_reader.h"
#include "tools/apigen/openapi/openapi_schema.h"
#include "tools/apigen/openapi/openapi_webhooks.h"

namespace gateway::apigen {
namespace {

constexpr std::array<absl::string_view, 5> kVerbs = {"get", "put", "post", "delete", "patch"};
constexpr absl::string_view kNoContent = "204";

// Reads the JSON schema among the media types of a body. It is a problem if no media type is JSON.
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

// If 204 is declared beside another reply, the reply may be empty. The same holds for a schema
// declared under 204 itself, because the file does not say whether the upstream sends a body with
// 204.
void ReadReply(const Node& node, JsonReader& reader, Operation& operation) {
  const auto responses = reader.Find(node, "responses");
  if (!responses || !reader.IsObject(*responses)) return;
  operation.reply_may_be_empty = responses->json->contains(std::string(kNoContent));
  for (const auto& [code, unused] : responses->json->items()) {
    const bool no_content = code == kNoContent;
    if (!absl::StartsWith(code, "2") || (no_content && operation.reply)) continue;
    const Node response = reader.Resolve(reader.Require(*responses, code));
    auto schema = ReadContent(response, reader);
    if (!schema) continue;
    operation.reply = std::move(schema);
    if (!no_content) return;
    reader.Loosen(response, "declares a reply under 204; it is read where it comes");
  }
}

// A parameter of the operation overrides a parameter with the same name that the path declares.
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
    if (in != "path" && in != "query") {
      reader.Loosen(node, absl::StrCat("a parameter in \"", in, "\" is not sent"));
      continue;
    }
    Property parameter;
    parameter.name = reader.RequireString(node, "name");
    parameter.required = in == "path" || reader.BoolOr(node, "required", false);
    if (const auto schema = reader.Find(node, "schema")) {
      parameter.schema = ReadSchema(*schema, reader);
    } else {
      parameter.schema.kind = Schema::Kind::kString;
    }
    if (reader.BoolOr(node, "deprecated", false)) parameter.schema.deprecated = true;
    AddOrReplace(std::move(parameter),
                 in == "path" ? operation.path_parameters : operation.query_parameters);
  }
}

// The path decides which parameters exist: a parameter that is not declared is a string, and a
// declared parameter that the path does not name is left out.
void OrderByPath(const Node& node, JsonReader& reader, Operation& operation) {
  std::vector<Property> declared = std::move(operation.path_parameters);
  operation.path_parameters.clear();
  for (const std::string& name : VariablesOf(operation.path)) {
    const auto found = std::find_if(declared.begin(), declared.end(),
                                    [&](const Property& p) { return p.name == name; });
    if (found != declared.end()) {
      operation.path_parameters.push_back(std::move(*found));
      declared.erase(found);
      continue;
    }
    reader.Loosen(node, absl::StrCat("\"", name, "\" of the path is not declared"));
    Property parameter{name, /*required=*/true, Schema()};
    parameter.schema.kind = Schema::Kind::kString;
    operation.path_parameters.push_back(std::move(parameter));
  }
  for (const Property& parameter : declared) {
    reader.Loosen(node, absl::StrCat("parameter \"", parameter.name, "\" is not in the path"));
  }
}

// Returns the first tag; without tags, the operationId without its last part.
std::string ReadTag(const Node& node, const std::string& id, JsonReader& reader) {
  const auto tags = reader.Find(node, "tags");
  if (tags && tags->json->is_array() && !tags->json->empty() && tags->json->front().is_string()) {
    if (tags->json->size() > 1) reader.Loosen(*tags, "only the first tag counts");
    return tags->json->front().get<std::string>();
  }
  const size_t end = id.rfind('_');
  if (end != std::string::npos && end > 0) return id.substr(0, end);
  reader.Fail(node, "has no tag");
  return "";
}

Operation ReadOperation(const std::string& path, const std::string& verb, const Node& path_item,
                        const Node& node, JsonReader& reader) {
  Operation operation;
  operation.pointer = node.pointer;
  operation.path = path;
  operation.verb = verb;
  operation.id = reader.RequireString(node, "operationId");
  operation.tag = ReadTag(node, operation.id, reader);
  operation.text = TextOf(node, reader);
  operation.deprecated = reader.BoolOr(node, "deprecated", false);
  operation.unlisted = operation.deprecated || reader.BoolOr(node, "x-gitbook-ignore", false);
  ReadParameters(path_item, reader, operation);
  ReadParameters(node, reader, operation);
  OrderByPath(node, reader, operation);
  if (const auto body = reader.Find(node, "requestBody")) {
    const Node resolved = reader.Resolve(*body);
    operation.body = ReadContent(resolved, reader);
    operation.body_required = reader.BoolOr(resolved, "required", false);
  }
  ReadReply(node, reader, operation);
  return operation;
}

void ReadPaths(JsonReader& reader, Api& api) {
  const auto paths = reader.Find(reader.Root(), "paths");
  if (!paths || !reader.IsObject(*paths)) return;
  for (const auto& [path, unused] : paths->json->items()) {
    const Node path_item = reader.Resolve(reader.Require(*paths, path));
    if (!reader.IsObject(path_item)) continue;
    for (const auto& [verb, unused_too] : path_item.json->items()) {
      if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end()) continue;
      const size_t before = reader.problems();
      const Node node = reader.Require(path_item, verb);
      Operation operation = ReadOperation(path, verb, path_item, node, reader);
      const bool usable = reader.problems() == before;
      (usable ? api.operations : api.skipped).push_back(std::move(operation));
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

absl::StatusOr<Api> ParseOpenApi(absl::string_view text, Notes& notes) {
  const Json root = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return absl::InvalidArgumentError("#: is not JSON");
  if (!root.is_object() || !root.contains("openapi")) {
    return absl::InvalidArgumentError("#: lacks \"openapi\"");
  }
  const Json& version = root["openapi"];
  if (!version.is_string() || !absl::StartsWith(version.get<std::string>(), "3.")) {
    return absl::InvalidArgumentError(
        absl::StrCat("#/openapi: ", version.dump(), " is not a version 3"));
  }
  JsonReader reader(root, notes);
  Api api;
  ReadSchemas(reader, api);
  ReadPaths(reader, api);
  ReadWebhooks(reader, api);
  return api;
}

std::string RouteOf(const Operation& operation) {
  return RouteText(operation.verb, operation.path);
}

}  // namespace gateway::apigen
