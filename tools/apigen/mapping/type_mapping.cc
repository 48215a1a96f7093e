#include "tools/apigen/mapping/type_mapping.h"

#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/naming.h"
#include "tools/apigen/model/well_known_types.h"

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

// Whether the schema becomes a message or an enum.
bool IsType(const Schema& schema) {
  return schema.kind == Kind::kObject || schema.kind == Kind::kEnum;
}

void SetBounds(const Schema& schema, Field& field) {
  if (field.label == Label::kOptional) {
    if (schema.minimum) RulesOf(field).set_minimum(*schema.minimum);
    if (schema.maximum) RulesOf(field).set_maximum(*schema.maximum);
  }
  if (field.label == Label::kRepeated) {
    if (schema.min_items) RulesOf(field).set_min_items(static_cast<uint32_t>(*schema.min_items));
    if (schema.max_items) RulesOf(field).set_max_items(static_cast<uint32_t>(*schema.max_items));
  }
  if (field.type != "string") return;
  if (schema.min_length) RulesOf(field).set_min_length(static_cast<uint32_t>(*schema.min_length));
  if (schema.max_length) RulesOf(field).set_max_length(static_cast<uint32_t>(*schema.max_length));
}

}  // namespace

TypeMapper::TypeMapper(const Api& api, std::set<std::string> taken, Notes& notes)
    : taken_(std::move(taken)), notes_(notes) {
  for (const NamedSchema& named : api.schemas) schemas_[named.name] = &named.schema;
  NameTypes();
}

void TypeMapper::NameTypes() {
  // Schemas that can keep their names come first, so that no other schema takes these names.
  for (const bool plain : {true, false}) {
    for (const auto& [name, schema] : schemas_) {
      if (!IsType(*schema) || type_names_.count(name) > 0) continue;
      if (plain && (!IsIdentifier(name) || IsTaken(name))) continue;
      std::string wanted = IsIdentifier(name) ? name : PascalCase(name);
      if (!IsIdentifier(wanted)) wanted = absl::StrCat("Schema", wanted);
      type_names_[name] = FreeName(wanted);
      taken_.insert(type_names_[name]);
      if (type_names_[name] == name) continue;
      AddNote(Note::Effect::kNamed, schema->pointer,
              absl::StrCat("\"", name, "\" is the type ", type_names_[name]));
    }
  }
}

std::string TypeMapper::FreeName(const std::string& wanted) const {
  std::string name = wanted;
  for (int i = 2; IsTaken(name); ++i) name = absl::StrCat(wanted, i);
  return name;
}

void TypeMapper::AddNamedTypes(Contract& contract) {
  for (const auto& [upstream, schema] : schemas_) {
    if (!IsType(*schema)) continue;
    const std::string& name = type_names_[upstream];
    if (schema->kind == Kind::kObject) {
      Message message = MakeMessage(name, *schema, contract);
      if (name != upstream) {
        message.options.MutableExtension(gateway::v1::schema)->set_name(upstream);
      }
      contract.messages[name] = std::move(message);
    } else {
      Enum value = MakeEnum(name, *schema);
      if (name != upstream) {
        value.options.MutableExtension(gateway::v1::enum_schema)->set_name(upstream);
      }
      contract.enums[name] = std::move(value);
    }
  }
}

Field TypeMapper::MapField(const Property& property, absl::string_view owner, Contract& contract) {
  Field field;
  field.name = FieldName(property.name);
  if (!IsIdentifier(field.name)) field.name = absl::StrCat("field_", field.name);
  std::string unused;
  const Schema schema = Follow(property.schema, unused);
  MapType(property.schema, absl::StrCat(owner, PascalCase(property.name)), contract, field);
  if (schema.deprecated) field.options.set_deprecated(true);
  if (property.required) RulesOf(field).set_required(true);
  // A google.protobuf.Value can represent null itself.
  if (schema.nullable && schema.kind != Kind::kAny) RulesOf(field).set_nullable(true);
  if (field.name != property.name) RulesOf(field).set_wire_name(property.name);
  SetBounds(schema, field);
  return field;
}

bool TypeMapper::IsMessage(const Schema& schema, std::string& name) {
  std::string upstream;
  if (Follow(schema, upstream).kind != Kind::kObject || upstream.empty()) return false;
  name = type_names_[upstream];
  return true;
}

Schema TypeMapper::Follow(const Schema& start, std::string& name) {
  Schema schema = start;
  for (int i = 0; i < kMaxReferences; ++i) {
    if (schema.kind != Kind::kRef) return schema;
    const auto target = schemas_.find(schema.ref);
    if (target == schemas_.end()) {
      Loosen(schema, absl::StrCat("there is no schema \"", schema.ref, "\""));
      return Schema();
    }
    name = schema.ref;
    const bool nullable = schema.nullable;
    const bool deprecated = schema.deprecated;
    schema = *target->second;
    schema.nullable = schema.nullable || nullable;
    schema.deprecated = schema.deprecated || deprecated;
  }
  Loosen(start, "a chain of references that does not end");
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
      return SetOptional(name.empty() ? EnumFor(schema, owner, contract) : type_names_[name],
                         field);
    case Kind::kArray:
      return MapArray(schema, owner, contract, field);
    case Kind::kMap:
      return MapMap(schema, owner, contract, field);
    case Kind::kFreeForm:
      return SetPlain(kStructType, field);
    case Kind::kObject:
      // An object without a name occurs only in an array of arrays or a similar place.
      return SetPlain(name.empty() ? kStructType : type_names_[name], field);
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
    Loosen(array, "an array of arrays or of maps is read as a list of any values");
    return SetPlain(kListType, field);
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
    Loosen(map, "a map to arrays or to maps is read as any object");
    return SetPlain(kStructType, field);
  }
  field.label = Label::kMap;
}

// Returns the enum for a schema without a name: the named enum with the same texts or, if there is
// none, an enum that is named after the place where the schema stands (`owner`).
std::string TypeMapper::EnumFor(const Schema& schema, absl::string_view owner, Contract& contract) {
  for (const auto& [name, candidate] : schemas_) {
    if (candidate->kind == Kind::kEnum && candidate->texts == schema.texts) {
      return type_names_[name];
    }
  }
  std::string name(owner);
  for (int i = 2; IsTaken(name) || contract.enums.count(name) > 0; ++i) {
    const auto same = contract.enums.find(name);
    if (same != contract.enums.end() && TextsOf(same->second) == schema.texts) return name;
    name = absl::StrCat(owner, i);
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
  std::set<std::string> texts;
  for (const std::string& text : schema.texts) {
    // An empty text means not set, which is the value 0.
    if (text.empty() || !texts.insert(text).second) continue;
    EnumValue value = MakeEnumValue(prefix, text);
    value.number = static_cast<int>(result.values.size());
    result.values.push_back(std::move(value));
  }
  return result;
}

Message TypeMapper::MakeMessage(const std::string& name, const Schema& schema, Contract& contract) {
  Message message;
  message.name = name;
  for (const Property& property : schema.properties) {
    Field field = MapField(property, name, contract);
    MakeNameUnique("", message.fields, field);
    field.number = NextNumber(message.fields, message.reserved);
    message.fields.push_back(std::move(field));
  }
  return message;
}

}  // namespace gateway::apigen
