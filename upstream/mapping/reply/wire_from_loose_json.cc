// The part of WireFromJson that reads members whose form the upstream documents loosely: see
// gateway.v1.FieldRules.loose and wire_from_json.h.
#include <string_view>

#include "absl/strings/ascii.h"
#include "upstream/mapping/reply/wire_from_json.h"

namespace gateway::mapping {

using simdjson::ondemand::json_type;

bool WireFromJson::SparedField(const MessagePlan& owner, const FieldPlan& field, Value& value,
                               const Path& at) {
  if (field.cardinality == Cardinality::kSingular && field.kind == Kind::kString) {
    return LooseText(owner, field, value, at);
  }
  if (field.cardinality != Cardinality::kSingular || field.kind != Kind::kTimestamp) {
    return Field(owner, field, value, at);
  }
  Instant instant;
  if (ReadInstant(field, value, instant, at)) {
    wire_.Tag(field.number, WireType::kBytes);
    return WriteInstant(instant, at);
  }
  error_.clear();
  drift_.Add(Drift::Kind::kUnfitting, owner, &field, "");
  return true;
}

bool WireFromJson::Loose(const MessagePlan& owner, const FieldPlan& field, Value& value,
                         const Path& at) {
  json_type type;
  if (value.type().get(type)) return Fail(at, kNotJson);
  if (field.cardinality == Cardinality::kMap) return LooseMap(owner, field, type, value, at);
  if (field.cardinality == Cardinality::kSingular || type != json_type::array) {
    return LooseText(owner, field, value, at);
  }
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return Fail(at, kNotJson);
  for (auto element : array) {
    if (element.error()) return Fail(at, kNotJson);
    if (!LooseText(owner, field, element.value_unsafe(), at)) return false;
  }
  return true;
}

bool WireFromJson::LooseText(const MessagePlan& owner, const FieldPlan& field, Value& value,
                             const Path& at) {
  json_type type;
  if (value.type().get(type)) return Fail(at, kNotJson);
  if (type == json_type::null) return true;
  absl::string_view text;
  if (type == json_type::array || type == json_type::object) {
    drift_.Add(Drift::Kind::kUnfitting, owner, &field, "");
    return true;
  }
  if (!TextOfAny(type, value, text)) return Fail(at, kNotJson);
  wire_.Tag(field.number, WireType::kBytes);
  wire_.Bytes(text);
  return true;
}

bool WireFromJson::LooseMap(const MessagePlan& owner, const FieldPlan& field, json_type type,
                            Value& value, const Path& at) {
  if (type == json_type::array) {
    simdjson::ondemand::array array;
    size_t size = 0;
    if (value.get_array().get(array) || array.count_elements().get(size)) return Fail(at, kNotJson);
    if (size > 0) drift_.Add(Drift::Kind::kUnfitting, owner, &field, "");
    return true;
  }
  if (type != json_type::object) {
    drift_.Add(Drift::Kind::kUnfitting, owner, &field, "");
    return true;
  }
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Fail(at, kNotJson);
  KeysSoFar keys;
  for (auto result : object) {
    if (result.error()) return Fail(at, kNotJson);
    simdjson::ondemand::field& member = result.value_unsafe();
    std::string_view key;
    json_type element;
    if (member.unescaped_key().get(key) || member.value().type().get(element)) {
      return Fail(at, kNotJson);
    }
    if (element == json_type::null) continue;
    if (!keys.Add(View(key))) {
      drift_.Add(Drift::Kind::kUnfitting, owner, &field, "");
      continue;
    }
    absl::string_view text;
    wire_.Tag(field.number, WireType::kBytes);
    const size_t mark = wire_.Begin();
    wire_.Tag(kMapKey, WireType::kBytes);
    wire_.Bytes(View(key));
    if (!TextOfAny(element, member.value(), text)) return Fail(at, kNotJson);
    wire_.Tag(kMapValue, WireType::kBytes);
    wire_.Bytes(text);
    wire_.End(mark);
  }
  return true;
}

// Reads the content of a string, or the JSON of any other value as it stands in the reply.
bool WireFromJson::TextOfAny(json_type type, Value& value, absl::string_view& text) {
  std::string_view read;
  if (type == json_type::string) {
    if (value.get_string().get(read)) return false;
    text = View(read);
    return true;
  }
  if (simdjson::to_json_string(value).get(read)) return false;
  text = absl::StripAsciiWhitespace(View(read));
  return true;
}

}  // namespace gateway::mapping
