#include "tools/apigen/openapi/openapi_schema.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::apigen {
namespace {

using Kind = Schema::Kind;

constexpr absl::string_view kSchemas = "#/components/schemas/";

// Returns the declared type without "null"; empty if no type is declared.
std::string ReadType(const Node& node, JsonReader& reader, bool& nullable) {
  const auto type = reader.Find(node, "type");
  if (!type) return "";
  if (type->json->is_string()) {
    nullable = nullable || *type->json == "null";
    return *type->json == "null" ? "" : type->json->get<std::string>();
  }
  std::string found;
  if (!reader.IsArray(*type)) return found;
  for (const Json& entry : *type->json) {
    if (entry == "null") {
      nullable = true;
    } else if (entry.is_string() && found.empty()) {
      found = entry.get<std::string>();
    } else {
      reader.Fail(*type, "names more than one type besides null");
    }
  }
  return found;
}

void ReadTexts(const Node& list, JsonReader& reader, Schema& schema) {
  if (!reader.IsArray(list)) return;
  for (size_t i = 0; i < list.json->size(); ++i) {
    const Node text = reader.Element(list, i);
    if (text.json->is_null()) {
      schema.nullable = true;
    } else if (text.json->is_string()) {
      schema.texts.push_back(text.json->get<std::string>());
    } else {
      reader.Fail(text, "is not a string");
    }
  }
}

void ReadProperties(const Node& node, JsonReader& reader, Schema& schema) {
  std::set<std::string> required;
  if (const auto names = reader.Find(node, "required"); names && reader.IsArray(*names)) {
    for (const Json& name : *names->json) {
      if (name.is_string()) required.insert(name.get<std::string>());
    }
  }
  const Node properties = reader.Require(node, "properties");
  if (!reader.IsObject(properties)) return;
  for (const auto& [name, unused] : properties.json->items()) {
    schema.properties.push_back(
        {name, required.count(name) > 0, ReadSchema(reader.Require(properties, name), reader)});
  }
}

void ReadObject(const Node& node, JsonReader& reader, Schema& schema) {
  if (reader.Find(node, "properties")) {
    schema.kind = Kind::kObject;
    ReadProperties(node, reader, schema);
    return;
  }
  const auto values = reader.Find(node, "additionalProperties");
  if (values && values->json->is_object()) {
    schema.kind = Kind::kMap;
    schema.element.push_back(ReadSchema(*values, reader));
    return;
  }
  schema.kind = Kind::kFreeForm;
}

void ReadArray(const Node& node, JsonReader& reader, Schema& schema) {
  schema.kind = Kind::kArray;
  schema.min_items = reader.FindInteger(node, "minItems");
  schema.max_items = reader.FindInteger(node, "maxItems");
  if (const auto items = reader.Find(node, "items")) {
    schema.element.push_back(ReadSchema(*items, reader));
  } else {
    schema.element.emplace_back();
  }
}

// Reads allOf, oneOf and anyOf. Each is supported only as a wrapper around one schema, with or
// without null beside it. Returns false if the node has none of the three.
bool ReadComposition(const Node& node, JsonReader& reader, Schema& schema) {
  for (const char* keyword : {"allOf", "oneOf", "anyOf"}) {
    const auto list = reader.Find(node, keyword);
    if (!list) continue;
    std::vector<Schema> parts;
    bool nullable = schema.nullable;
    for (size_t i = 0; reader.IsArray(*list) && i < list->json->size(); ++i) {
      const Node part = reader.Element(*list, i);
      if (part.json->is_object() && part.json->value("type", Json()) == "null") {
        nullable = true;
      } else {
        parts.push_back(ReadSchema(part, reader));
      }
    }
    if (parts.size() != 1) {
      reader.Fail(*list, "only one alternative besides null can be mapped");
      return true;
    }
    const bool deprecated = schema.deprecated;
    const std::string text = schema.text;
    schema = std::move(parts.front());
    schema.text = text;
    schema.nullable = schema.nullable || nullable;
    schema.deprecated = schema.deprecated || deprecated;
    return true;
  }
  return false;
}

void ReadKind(const Node& node, const std::string& type, JsonReader& reader, Schema& schema) {
  if (const auto texts = reader.Find(node, "enum"); texts && (type.empty() || type == "string")) {
    schema.kind = Kind::kEnum;
    ReadTexts(*texts, reader, schema);
  } else if (type == "object" || (type.empty() && reader.Find(node, "properties"))) {
    ReadObject(node, reader, schema);
  } else if (type == "array") {
    ReadArray(node, reader, schema);
  } else if (type == "string") {
    schema.kind = Kind::kString;
    schema.min_length = reader.FindInteger(node, "minLength");
    schema.max_length = reader.FindInteger(node, "maxLength");
  } else if (type == "integer") {
    schema.kind = Kind::kInteger;
    schema.minimum = reader.FindInteger(node, "minimum");
    schema.maximum = reader.FindInteger(node, "maximum");
  } else if (type == "number") {
    schema.kind = Kind::kNumber;
  } else if (type == "boolean") {
    schema.kind = Kind::kBoolean;
  } else if (!type.empty()) {
    reader.Fail(node, absl::StrCat("unknown type \"", type, "\""));
  }
}

Schema ReadAsStated(const Node& node, JsonReader& reader) {
  Schema schema;
  schema.pointer = node.pointer;
  if (node.json->is_boolean() || !reader.IsObject(node)) return schema;
  schema.text = TextOf(node, reader);
  schema.deprecated = reader.BoolOr(node, "deprecated", false);
  schema.nullable = reader.BoolOr(node, "nullable", false);
  if (reader.Find(node, "$ref")) {
    absl::string_view name;
    const std::string target = reader.RequireString(node, "$ref");
    name = target;
    if (!absl::ConsumePrefix(&name, kSchemas)) {
      reader.Fail(node, absl::StrCat("\"", target, "\" is not a schema of this file"));
    }
    schema.kind = Kind::kRef;
    schema.ref = std::string(name);
    return schema;
  }
  if (ReadComposition(node, reader, schema)) return schema;
  const std::string type = ReadType(node, reader, schema.nullable);
  schema.format = reader.StringOr(node, "format", "");
  ReadKind(node, type, reader, schema);
  return schema;
}

}  // namespace

Schema ReadSchema(const Node& node, JsonReader& reader) {
  const SchemaScope scope(reader);
  Schema schema = ReadAsStated(node, reader);
  if (!scope.failed()) return schema;
  Schema any;
  any.pointer = schema.pointer;
  any.text = schema.text;
  any.nullable = schema.nullable;
  any.deprecated = schema.deprecated;
  return any;
}

std::string TextOf(const Node& node, JsonReader& reader) {
  std::string text;
  for (const char* member : {"title", "summary", "description"}) {
    const auto found = reader.Find(node, member);
    if (found && found->json->is_string()) absl::StrAppend(&text, found->json->get<std::string>());
  }
  return text;
}

}  // namespace gateway::apigen
