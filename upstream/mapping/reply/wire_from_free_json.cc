// The part of WireFromJson that reads JSON of any form: see wire_from_json.h.
#include <cstdint>

#include "absl/strings/ascii.h"
#include "upstream/mapping/reply/wire_from_json.h"
#include "upstream/mapping/struct_fields.h"

namespace gateway::mapping {
namespace {

using simdjson::ondemand::json_type;

// How many messages lie around the value of a member, inside the Value that holds the object: a
// Struct, a map entry and a Value.
constexpr int kDepthOfMember = 3;

}  // namespace

bool WireFromJson::FreeJson(Kind kind, Value& value, const Path& at) {
  size_t mark = 0;
  if (!Open(mark, at)) return false;
  const bool good = kind == Kind::kStruct      ? FreeObject(value, at)
                    : kind == Kind::kListValue ? FreeList(value, at)
                                               : FreeValue(value, at);
  if (good) Close(mark);
  return good;
}

bool WireFromJson::FreeObject(Value& value, const Path& at) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Fail(at, "expected an object");
  KeysSoFar keys;
  for (auto result : object) {
    if (result.error()) return Fail(at, kNotJson);
    simdjson::ondemand::field& member = result.value_unsafe();
    std::string_view key;
    if (member.unescaped_key().get(key)) return Fail(at, kNotJson);
    if (!keys.Add(View(key))) {
      Altered("a member was there twice: the first one holds");
      continue;
    }
    if (!FreeMember(View(key), member.value(), at)) return false;
  }
  return true;
}

bool WireFromJson::FreeMember(absl::string_view key, Value& value, const Path& at) {
  wire_.Tag(1, WireType::kBytes);
  size_t entry = 0;
  if (!Open(entry, at)) return false;
  wire_.Tag(kMapKey, WireType::kBytes);
  wire_.Bytes(key);
  wire_.Tag(kMapValue, WireType::kBytes);
  if (!FreeJson(Kind::kValue, value, at)) return false;
  Close(entry);
  return true;
}

// Writes one more occurrence of the field. Protobuf's parsers merge the occurrences, and so their
// members.
bool WireFromJson::Rest(const FieldPlan& field, absl::string_view name, Value& value,
                        const Path& at) {
  wire_.Tag(field.number, WireType::kBytes);
  size_t mark = 0;
  const Path here{&at, name, {}, true};
  if (!Open(mark, here) || !FreeMember(name, value, here)) return false;
  Close(mark);
  return true;
}

bool WireFromJson::FreeList(Value& value, const Path& at) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return Fail(at, "expected an array");
  for (auto result : array) {
    if (result.error()) return Fail(at, kNotJson);
    Value& element = result.value_unsafe();
    wire_.Tag(1, WireType::kBytes);
    if (!FreeJson(Kind::kValue, element, at)) return false;
  }
  return true;
}

bool WireFromJson::FreeValue(Value& value, const Path& at) {
  json_type type;
  if (value.type().get(type)) return Fail(at, kNotJson);
  switch (type) {
    case json_type::null: {
      bool null = false;
      if (value.is_null().get(null) || !null) return Fail(at, kNotJson);
      wire_.Tag(kNull, WireType::kVarint);
      wire_.Varint(0);
      return true;
    }
    case json_type::number:
      wire_.Tag(kNumber, WireType::kFixed64);
      return Double(value, at);
    case json_type::string: {
      std::string_view text;
      if (value.get_string().get(text)) return Fail(at, kNotJson);
      wire_.Tag(kText, WireType::kBytes);
      wire_.Bytes(View(text));
      return true;
    }
    case json_type::boolean: {
      bool flag;
      if (value.get_bool().get(flag)) return Fail(at, kNotJson);
      wire_.Tag(kBool, WireType::kVarint);
      wire_.Varint(flag ? 1 : 0);
      return true;
    }
    case json_type::object:
    case json_type::array: {
      const bool object = type == json_type::object;
      if (depth_ + kDepthOfMember > kMaxDepth) return AsText(object, value, at);
      wire_.Tag(object ? kObject : kList, WireType::kBytes);
      return FreeJson(object ? Kind::kStruct : Kind::kListValue, value, at);
    }
  }
  return Fail(at, kNotJson);
}

// For a value that is nested deeper than a caller's protobuf reads: writes its JSON as a string.
bool WireFromJson::AsText(bool object, Value& value, const Path& at) {
  simdjson::ondemand::object members;
  simdjson::ondemand::array elements;
  std::string_view json;
  const bool read = object ? !value.get_object().get(members) && !members.raw_json().get(json)
                           : !value.get_array().get(elements) && !elements.raw_json().get(json);
  if (!read) return Fail(at, kNotJson);
  Altered("a value was nested too deeply: its JSON is passed on as a string");
  wire_.Tag(kText, WireType::kBytes);
  wire_.Bytes(absl::StripAsciiWhitespace(View(json)));
  return true;
}

}  // namespace gateway::mapping
