#include "tools/apigen/type_mapping.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/naming.h"

namespace gateway::apigen {
namespace {

using Kind = Schema::Kind;
using gateway::v1::FieldRules;

constexpr int kMaxReferences = 16;

FieldRules& RulesOf(Field& field) { return *field.options.MutableExtension(gateway::v1::field); }

gateway::v1::Format FormatOf(absl::string_view openapi_format) {
  if (openapi_format == "flake-id") return gateway::v1::FLAKE_ID;
  if (openapi_format == "steam-id") return gateway::v1::STEAM_ID;
  if (openapi_format == "period" || openapi_format == "duration") {
    return gateway::v1::ISO8601_DURATION;
  }
  return gateway::v1::FORMAT_UNSPECIFIED;
}

void SetPlain(absl::string_view type, Field& field) {
  field.label = Label::kPlain;
  field.type = std::string(type);
}

void SetOptional(absl::string_view type, Field& field) {
  field.label = Label::kOptional;
  field.type = std::string(type);
}

EnumValue MakeEnumValue(const std::string& prefix, const std::string& text, int number) {
  EnumValue value;
  value.number = number;
  value.name = absl::StrCat(prefix, UpperSnakeCase(text));
  if (value.name == absl::StrCat(prefix, "UNSPECIFIED")) {
    value.name = absl::StrCat(prefix, "UPSTREAM_UNSPECIFIED");
  }
  if (absl::AsciiStrToLower(value.name.substr(prefix.size())) != text) {
    value.options.MutableExtension(gateway::v1::value)->set_text(text);
  }
  return value;
}

}  // namespace

TypeMapper::TypeMapper(const Api& api) {
  for (const NamedSchema& named : api.schemas) schemas_[named.name] = &named.schema;
}

void TypeMapper::AddNamedTypes(Contract& contract) {
  for (const auto& [name, schema] : schemas_) {
    const bool named_type = schema->kind == Kind::kObject || schema->kind == Kind::kEnum;
    if (named_type && !IsIdentifier(name)) {
      Fail(schema->pointer, "its name cannot be the name of a message");
    }
    if (schema->kind == Kind::kObject) {
      contract.messages[name] = MakeMessage(name, *schema, contract);
    } else if (schema->kind == Kind::kEnum) {
      contract.enums[name] = MakeEnum(name, *schema);
    }
  }
}

Field TypeMapper::MapField(const Property& property, absl::string_view owner, Contract& contract) {
  Field field;
  field.name = FieldName(property.name);
  if (!IsIdentifier(field.name)) {
    Fail(property.schema.pointer, absl::StrCat("\"", property.name, "\" gives no field name"));
  }
  std::string unused;
  const Schema schema = Follow(property.schema, unused);
  MapType(property.schema, absl::StrCat(owner, PascalCase(property.name)), contract, field);
  if (schema.deprecated) field.options.set_deprecated(true);
  if (property.required) RulesOf(field).set_required(true);
  // A value of any kind says null by itself.
  if (schema.nullable && schema.kind != Kind::kAny) RulesOf(field).set_nullable(true);
  if (field.name != property.name) RulesOf(field).set_wire_name(property.name);
  if (field.label == Label::kOptional) {
    if (schema.minimum) RulesOf(field).set_minimum(*schema.minimum);
    if (schema.maximum) RulesOf(field).set_maximum(*schema.maximum);
  }
  return field;
}

bool TypeMapper::IsMessage(const Schema& schema, std::string& name) {
  return Follow(schema, name).kind == Kind::kObject && !name.empty();
}

void TypeMapper::Fail(absl::string_view pointer, absl::string_view what) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat(pointer, ": ", what));
}

Schema TypeMapper::Follow(const Schema& start, std::string& name) {
  Schema schema = start;
  for (int i = 0; i < kMaxReferences; ++i) {
    if (schema.kind != Kind::kRef) return schema;
    const auto target = schemas_.find(schema.ref);
    if (target == schemas_.end()) {
      Fail(schema.pointer, absl::StrCat("there is no schema \"", schema.ref, "\""));
      return Schema();
    }
    name = schema.ref;
    const bool nullable = schema.nullable;
    const bool deprecated = schema.deprecated;
    schema = *target->second;
    schema.nullable = schema.nullable || nullable;
    schema.deprecated = schema.deprecated || deprecated;
  }
  Fail(start.pointer, "a chain of references that does not end");
  return Schema();
}

void TypeMapper::MapType(const Schema& reference, absl::string_view owner, Contract& contract,
                         Field& field) {
  std::string name;
  const Schema schema = Follow(reference, name);
  switch (schema.kind) {
    case Kind::kAny:
    case Kind::kRef:
      return SetPlain(kValueType, field);
    case Kind::kString:
      return MapString(schema, field);
    case Kind::kInteger:
      return SetOptional(schema.format == "int32" ? "int32" : "int64", field);
    case Kind::kNumber:
      return SetOptional("double", field);
    case Kind::kBoolean:
      return SetOptional("bool", field);
    case Kind::kEnum:
      return SetOptional(name.empty() ? EnumFor(schema, owner, contract) : name, field);
    case Kind::kArray:
      return MapArray(schema, owner, contract, field);
    case Kind::kMap:
      return MapMap(schema, owner, contract, field);
    case Kind::kFreeForm:
      return SetPlain(kStructType, field);
    case Kind::kObject:
      if (name.empty()) {
        Fail(schema.pointer, "an object that is written out in place; give it a name");
      }
      return SetPlain(name, field);
  }
}

void TypeMapper::MapString(const Schema& schema, Field& field) {
  if (schema.format == "date-time") return SetPlain(kTimestampType, field);
  SetOptional("string", field);
  const gateway::v1::Format format = FormatOf(schema.format);
  if (format != gateway::v1::FORMAT_UNSPECIFIED) RulesOf(field).set_format(format);
}

void TypeMapper::MapArray(const Schema& array, absl::string_view owner, Contract& contract,
                          Field& field) {
  std::string unused;
  const Schema& element = array.element.front();
  if (Follow(element, unused).kind == Kind::kAny) return SetPlain(kListType, field);
  MapType(element, owner, contract, field);
  if (field.label == Label::kRepeated || field.label == Label::kMap) {
    Fail(array.pointer, "an array of arrays or of maps cannot be mapped");
  }
  field.label = Label::kRepeated;
}

void TypeMapper::MapMap(const Schema& map, absl::string_view owner, Contract& contract,
                        Field& field) {
  std::string unused;
  const Schema& element = map.element.front();
  if (Follow(element, unused).kind == Kind::kAny) return SetPlain(kStructType, field);
  MapType(element, owner, contract, field);
  if (field.label == Label::kRepeated || field.label == Label::kMap) {
    Fail(map.pointer, "a map to arrays or to maps cannot be mapped");
  }
  field.label = Label::kMap;
}

// An enum without a name of its own: the named one with the same texts, or one named after its
// place.
std::string TypeMapper::EnumFor(const Schema& schema, absl::string_view owner, Contract& contract) {
  for (const auto& [name, candidate] : schemas_) {
    if (candidate->kind == Kind::kEnum && candidate->texts == schema.texts) return name;
  }
  std::string name(owner);
  if (schemas_.count(name) > 0) {
    Fail(schema.pointer, absl::StrCat("the name \"", name, "\" is taken by a schema"));
  }
  contract.enums[name] = MakeEnum(name, schema);
  return name;
}

Enum TypeMapper::MakeEnum(const std::string& name, const Schema& schema) {
  Enum result;
  result.name = name;
  const std::string prefix = EnumPrefix(name);
  EnumValue zero;
  zero.name = absl::StrCat(prefix, "UNSPECIFIED");
  result.values.push_back(zero);
  std::set<std::string> names = {zero.name};
  for (const std::string& text : schema.texts) {
    EnumValue value = MakeEnumValue(prefix, text, static_cast<int>(result.values.size()));
    if (!IsIdentifier(value.name) || !names.insert(value.name).second) {
      Fail(schema.pointer, absl::StrCat("\"", text, "\" gives no enum value of its own"));
    }
    result.values.push_back(std::move(value));
  }
  return result;
}

Message TypeMapper::MakeMessage(const std::string& name, const Schema& schema, Contract& contract) {
  Message message;
  message.name = name;
  std::set<std::string> names;
  for (const Property& property : schema.properties) {
    Field field = MapField(property, name, contract);
    field.number = NextNumber(message.fields, message.reserved);
    if (!names.insert(field.name).second) {
      Fail(property.schema.pointer, absl::StrCat("a second field \"", field.name, "\""));
    }
    message.fields.push_back(std::move(field));
  }
  return message;
}

}  // namespace gateway::apigen
