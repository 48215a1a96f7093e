#include "tests/contract/proto_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace gateway::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

template <typename Type>
std::string BelowPackage(const Type& type) {
  absl::string_view name = type.full_name();
  absl::ConsumePrefix(&name, absl::StrCat(type.file()->package(), "."));
  return std::string(name);
}

const v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::field);
}

std::string MessageText(const FieldDescriptor& field) {
  const Descriptor& type = *field.message_type();
  if (type.full_name() == "google.protobuf.Timestamp") return "string date-time";
  if (type.full_name() == "google.protobuf.Value") return "any";
  if (type.full_name() == "google.protobuf.Struct") return "map of any";
  if (type.full_name() == "google.protobuf.ListValue") return "array of any";
  if (type.full_name() == "google.protobuf.FieldMask") return "field mask";
  return type.file()->package() == field.file()->package() ? SchemaName(type) : type.full_name();
}

std::string UnformattedText(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return "string";
    case FieldDescriptor::TYPE_INT32:
      return "integer int32";
    case FieldDescriptor::TYPE_INT64:
      return "integer int64";
    case FieldDescriptor::TYPE_DOUBLE:
      return "number double";
    case FieldDescriptor::TYPE_BOOL:
      return "boolean";
    case FieldDescriptor::TYPE_ENUM:
      return SchemaName(*field.enum_type());
    case FieldDescriptor::TYPE_MESSAGE:
      return MessageText(field);
    default:
      return field.type_name();
  }
}

// The contract's text for a field of type `of` with this format. The proto type may differ from the
// contract's type.
struct ValueFormat {
  v1::Format format;
  absl::string_view of;
  const char* text;
};
constexpr ValueFormat kValueFormats[] = {
    {v1::EPOCH_SECONDS, "string date-time", "integer epoch-seconds"},
    {v1::DIGITS, "string", "string digits"},
    {v1::STRING_OR_NULL, "any", "any string-or-null"},
    {v1::SCALAR, "any", "any scalar"},
};

// For a map, the option `format` is set on the map field and describes the map's values.
std::string ElementText(const FieldDescriptor& element, v1::Format format) {
  if (format == v1::FORMAT_UNSPECIFIED) return UnformattedText(element);
  if (format == v1::INT32 && element.type() == FieldDescriptor::TYPE_INT64) {
    return "integer int32";
  }
  const std::string unformatted = UnformattedText(element);
  for (const ValueFormat& known : kValueFormats) {
    if (known.format == format && unformatted == known.of) return known.text;
  }
  for (const TextFormat& known : kTextFormats) {
    const bool number = format == v1::FLAKE_ID && element.type() == FieldDescriptor::TYPE_INT64;
    if (known.format == format && (number || element.type() == FieldDescriptor::TYPE_STRING)) {
      return known.schema;
    }
  }
  return absl::StrCat(unformatted, " of format ", v1::Format_Name(format));
}

std::string MapText(const FieldDescriptor& field) {
  const Descriptor& entry = *field.message_type();
  std::string value = ElementText(*entry.map_value(), RulesOf(field).format());
  if (entry.map_key()->type() == FieldDescriptor::TYPE_STRING) return "map of " + value;
  return absl::StrCat("map from ", entry.map_key()->type_name(), " to ", value);
}

void SayIf(bool condition, const std::string& place, absl::string_view what, Unit& unit) {
  if (condition) Say(unit, absl::StrCat(place, ".", what), "yes");
}

void SayPresence(const FieldDescriptor& field, const std::string& place, Unit& unit) {
  if (const auto* oneof = field.real_containing_oneof()) Say(unit, place + ".oneof", oneof->name());
  SayIf(!field.is_repeated() && !field.has_presence(), place, "without presence", unit);
}

}  // namespace

std::string SchemaName(const Descriptor& type) {
  const std::string& upstream = type.options().GetExtension(v1::schema).name();
  return upstream.empty() ? BelowPackage(type) : upstream;
}

std::string SchemaName(const EnumDescriptor& type) {
  const std::string& upstream = type.options().GetExtension(v1::enum_schema).name();
  return upstream.empty() ? BelowPackage(type) : upstream;
}

bool IsRest(const FieldDescriptor& field) { return RulesOf(field).rest(); }

std::string WireName(const FieldDescriptor& field) {
  const std::string& given = RulesOf(field).wire_name();
  return given.empty() ? field.name() : given;
}

std::string TypeText(const FieldDescriptor& field) {
  if (field.is_map()) return MapText(field);
  std::string element = ElementText(field, RulesOf(field).format());
  return field.is_repeated() ? "array of " + element : element;
}

void SayField(const FieldDescriptor& field, const std::string& place, Unit& unit) {
  const v1::FieldRules& rules = RulesOf(field);
  Say(unit, place + ".type", TypeText(field));
  SayPresence(field, place, unit);
  SayIf(rules.required() || rules.newly_required(), place, "required", unit);
  SayIf(rules.nullable(), place, "nullable", unit);
  SayIf(rules.local(), place, "local", unit);
  SayIf(field.options().deprecated(), place, "deprecated", unit);
  if (rules.has_minimum()) Say(unit, place + ".minimum", absl::StrCat(rules.minimum()));
  if (rules.has_maximum()) Say(unit, place + ".maximum", absl::StrCat(rules.maximum()));
  if (rules.has_min_items()) Say(unit, place + ".min_items", absl::StrCat(rules.min_items()));
  if (rules.has_max_items()) Say(unit, place + ".max_items", absl::StrCat(rules.max_items()));
  SayIf(rules.empty_is_unset(), place, "empty_is_unset", unit);
  SayIf(rules.null_when_unset(), place, "null_when_unset", unit);
  SayIf(rules.loose(), place, "loose", unit);
  SayIf(rules.rest(), place, "rest", unit);
  for (const std::string& alias : rules.alias())
    Say(unit, absl::StrCat(place, ".alias ", alias), "yes");
  const auto say_bound = [&](bool given, const char* name, int64_t bound) {
    if (given) Say(unit, absl::StrCat(place, ".", name), absl::StrCat(bound));
  };
  say_bound(rules.has_min_length(), "min_length", rules.min_length());
  say_bound(rules.has_max_length(), "max_length", rules.max_length());
  say_bound(rules.has_max_key_length(), "max_key_length", rules.max_key_length());
  say_bound(rules.has_min_seconds_ahead(), "min_seconds_ahead", rules.min_seconds_ahead());
  say_bound(rules.has_max_seconds_ahead(), "max_seconds_ahead", rules.max_seconds_ahead());
}

namespace {

std::string SnakeCase(const std::string& name) {
  std::string snake;
  for (const char c : name) {
    if (absl::ascii_isupper(c) && !snake.empty()) snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

// Returns the name that the contract expects for the field, in snake case, if the proto had to
// choose another name: because a field of the message has that name, or an enum field has a Java
// accessor of that name. Otherwise returns the field's own name.
std::string NameToTell(const FieldDescriptor& field) {
  const std::string wanted = SnakeCase(WireName(field));
  const Descriptor& owner = *field.containing_type();
  for (int i = 0; i < owner.field_count(); ++i) {
    const FieldDescriptor& other = *owner.field(i);
    if (&other == &field) continue;
    const bool taken = other.name() == wanted && absl::EndsWith(field.name(), "_" + wanted);
    const bool shadowed = other.enum_type() != nullptr && other.name() + "_value" == wanted &&
                          other.name() + "_text" == field.name();
    if (taken || shadowed) return wanted;
  }
  return field.name();
}

}  // namespace

void SayNamedField(const FieldDescriptor& field, const std::string& place, Unit& unit) {
  Say(unit, place + ".field", NameToTell(field));
  SayField(field, place, unit);
}

void SayUnnamedField(const FieldDescriptor& field, const std::string& place, Unit& unit) {
  const std::string& wire_name = RulesOf(field).wire_name();
  if (!wire_name.empty()) Say(unit, place + ".wire name", wire_name);
  SayField(field, place, unit);
}

}  // namespace gateway::contract
