#include "upstream/mapping/reply/wire_from_json.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/swar.h"

namespace gateway::mapping {
namespace {

using simdjson::ondemand::json_type;

// Whether the value is null. Also true for an invalid text that begins like null, which TakeNull
// then refuses.
bool IsNull(WireFromJson::Value& value) {
  json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == json_type::null;
}

// Takes the value. Returns false unless it is exactly null.
bool TakeNull(WireFromJson::Value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

// The text of a scalar as it stands in the document.
absl::string_view Token(WireFromJson::Value& value) {
  return absl::StripTrailingAsciiWhitespace(View(value.raw_json_token()));
}

bool IsDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Whether the value is "". Does not take the value.
bool IsEmptyText(WireFromJson::Value& value) {
  const std::string_view token = value.raw_json_token();
  return token.size() >= 2 && token[0] == '"' && token[1] == '"';
}

// Reads a key. `key` points into the document itself, unless something in the key is escaped. Must
// be called once for each key. Returns false if the key is invalid.
bool ReadKey(simdjson::ondemand::field& member, absl::string_view& key) {
  const char* const text = member.key().raw();
  uint64_t ends = 0;
  size_t size = 0;
  // The loop ends: the parser has already found the closing quotation mark, and the document's
  // padding is longer than a word.
  while (ends == 0) {
    const uint64_t word = swar::Load8(text + size);
    ends = swar::Equal(word, '"') | swar::Equal(word, '\\');
    size += ends == 0 ? 8 : swar::FirstByte(ends);
  }
  if (text[size] == '"') {
    key = absl::string_view(text, size);
    return true;
  }
  std::string_view unescaped;
  if (member.unescaped_key().get(unescaped)) return false;
  key = View(unescaped);
  return true;
}

// Takes a string and returns it, if nothing in it is escaped and no white space follows it.
// Otherwise takes nothing and returns nullopt.
std::optional<absl::string_view> TakePlainText(WireFromJson::Value& value) {
  // `token` reaches up to the next token. It is empty if the document ends before the value.
  const absl::string_view token = View(value.raw_json_token());
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  const absl::string_view text = token.substr(1, token.size() - 2);
  const auto escapes = [](uint64_t word) { return swar::Equal(word, '\\'); };
  simdjson::ondemand::raw_json_string taken;
  if (swar::FindPadded(text, escapes) != text.size() || value.get_raw_json_string().get(taken)) {
    return std::nullopt;
  }
  return text;
}

}  // namespace

bool WireFromJson::Message(const MessagePlan& plan, simdjson::ondemand::object object,
                           const Path& at) {
  FieldSet seen;
  FieldSet set;
  std::optional<KeysSoFar> others;  // most messages have none
  for (auto result : object) {
    if (result.error()) return Fail(at, kNotJson);
    simdjson::ondemand::field& member = result.value_unsafe();
    absl::string_view name;
    if (!ReadKey(member, name)) return Fail(at, kNotJson);
    const FieldPlan* field = plan.ByWireName(name);
    if (field == nullptr) {
      if (!Unknown(plan, name, member.value(), others, at)) return false;
      continue;
    }
    const Path here{&at, field->wire_name};
    const bool spared = IsSpared(plan, *field);
    if (seen.Contains(field->index)) {
      if (spared) drift_.Add(Drift::Kind::kUnfitting, plan, field, "");
      if (spared) continue;
      if (field->aliases.empty()) return Fail(here, "is there twice");
      if (set.Contains(field->index)) continue;
    }
    seen.Insert(field->index);
    Value& value = member.value();
    if (field->empty_is_unset && IsEmptyText(value)) continue;
    const bool can_be_null =
        field->kind == Kind::kValue && field->cardinality == Cardinality::kSingular;
    if (!can_be_null && IsNull(value)) {
      if (!TakeNull(value)) return Fail(here, kNotJson);
      continue;
    }
    set.Insert(field->index);
    const bool good =
        spared ? SparedField(plan, *field, value, here) : Field(plan, *field, value, here);
    if (!good) return false;
  }
  complete_ = TellMissing(plan, seen, set);
  seen_ = seen;
  set_ = set;
  return true;
}

bool WireFromJson::Unknown(const MessagePlan& plan, absl::string_view name, Value& value,
                           std::optional<KeysSoFar>& others, const Path& at) {
  if (at.parent == nullptr) others_.push_back(name);
  if (plan.rest == nullptr) {
    drift_.Add(Drift::Kind::kUnknownMember, plan, nullptr, name);
    return true;
  }
  free_owner_ = &plan;
  free_field_ = plan.rest;
  if (!others) others.emplace();
  if (!others->Add(name)) {
    Altered("a member was there twice: the first one holds");
    return true;
  }
  return Rest(*plan.rest, name, value, at);
}

inline bool WireFromJson::TellMissing(const MessagePlan& plan, const FieldSet& seen,
                                      const FieldSet& set) {
  bool complete = true;
  plan.required.ForEachNotIn(set, [&](uint32_t index) {
    const FieldPlan& field = plan.fields[index];
    // A null says that there is no value. If null is documented, that counts as a value.
    if (field.nullable && seen.Contains(index)) return;
    complete = false;
    drift_.Add(Drift::Kind::kMissingRequired, plan, &field, "");
  });
  return complete;
}

bool WireFromJson::Field(const MessagePlan& owner, const FieldPlan& field, Value& value,
                         const Path& at) {
  if (field.loose) return Loose(owner, field, value, at);
  switch (field.cardinality) {
    case Cardinality::kSingular:
      return Tagged(owner, field, field.number, value, at);
    case Cardinality::kRepeated:
      return IsPackable(field.kind) ? PackedList(owner, field, value, at)
                                    : List(owner, field, value, at);
    case Cardinality::kMap:
      return Map(owner, field, value, at);
  }
  return false;
}

bool WireFromJson::Element(const MessagePlan& owner, const FieldPlan& field, Value& value,
                           const Path& at) {
  return Tagged(owner, field, field.number, value, at);
}

bool WireFromJson::List(const MessagePlan& owner, const FieldPlan& field, Value& value,
                        const Path& at) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return Fail(at, "expected an array");
  size_t index = 0;
  for (auto result : array) {
    const Path here{&at, "", index++};
    if (result.error()) return Fail(here, kNotJson);
    Value& element = result.value_unsafe();
    if (field.kind != Kind::kValue && IsNull(element)) {
      if (!TakeNull(element)) return Fail(here, kNotJson);
      continue;
    }
    const char* const begin = element.raw_json_token().data();
    if (!Tagged(owner, field, field.number, element, here)) return false;
    // Tagged has just read a message, so `seen_` is about that message.
    if (at.parent == nullptr && field.kind == Kind::kMessage && seen_.empty()) {
      strangers_.push_back(begin);
    }
  }
  return true;
}

bool WireFromJson::PackedList(const MessagePlan& owner, const FieldPlan& field, Value& value,
                              const Path& at) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return Fail(at, "expected an array");
  wire_.Tag(field.number, WireType::kBytes);
  const size_t mark = wire_.Begin();
  size_t index = 0;
  for (auto result : array) {
    const Path here{&at, "", index++};
    if (result.error()) return Fail(here, kNotJson);
    Value& element = result.value_unsafe();
    if (IsNull(element)) {
      if (!TakeNull(element)) return Fail(here, kNotJson);
      continue;
    }
    if (!Content(owner, field, element, here)) return false;
  }
  wire_.End(mark);
  return true;
}

bool WireFromJson::Map(const MessagePlan& owner, const FieldPlan& field, Value& value,
                       const Path& at) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Fail(at, "expected an object");
  KeysSoFar keys;
  for (auto result : object) {
    if (result.error()) return Fail(at, kNotJson);
    simdjson::ondemand::field& member = result.value_unsafe();
    std::string_view key;
    if (member.unescaped_key().get(key)) return Fail(at, kNotJson);
    const Path here{&at, View(key), {}, true};
    if (!keys.Add(View(key))) {
      if (!mended_) return Fail(here, "is there twice");
      drift_.Add(Drift::Kind::kAlteredValue, owner, &field,
                 "keys were equal after mending: the first one holds");
      continue;
    }
    Value& element = member.value();
    if (field.kind != Kind::kValue && IsNull(element)) {
      if (!TakeNull(element)) return Fail(here, kNotJson);
      continue;
    }
    wire_.Tag(field.number, WireType::kBytes);
    size_t mark = 0;
    if (!Open(mark, here)) return false;
    wire_.Tag(kMapKey, WireType::kBytes);
    wire_.Bytes(View(key));
    if (!Tagged(owner, field, kMapValue, element, here)) return false;
    Close(mark);
  }
  return true;
}

inline bool WireFromJson::Tagged(const MessagePlan& owner, const FieldPlan& field, uint32_t number,
                                 Value& value, const Path& at) {
  wire_.Tag(number, WireTypeOf(field.kind));
  return Content(owner, field, value, at);
}

bool WireFromJson::Content(const MessagePlan& owner, const FieldPlan& field, Value& value,
                           const Path& at) {
  switch (field.kind) {
    case Kind::kString:
      return String(field, value, at);
    case Kind::kInt32:
    case Kind::kInt64:
      return Integer(field, value, at);
    case Kind::kDouble:
      return Double(value, at);
    case Kind::kBool: {
      bool flag;
      if (value.get_bool().get(flag)) return Fail(at, "expected true or false");
      wire_.Varint(flag ? 1 : 0);
      return true;
    }
    case Kind::kEnum:
      return Enum(owner, field, value, at);
    case Kind::kTimestamp:
      return Timestamp(field, value, at);
    case Kind::kMessage:
      return Nested(field, value, at);
    case Kind::kStruct:
    case Kind::kValue:
    case Kind::kListValue:
      free_owner_ = &owner;
      free_field_ = &field;
      return FreeJson(field.kind, value, at);
  }
  return false;
}

bool WireFromJson::String(const FieldPlan& field, Value& value, const Path& at) {
  if (const std::optional<absl::string_view> plain = TakePlainText(value)) {
    wire_.Bytes(*plain);
    return true;
  }
  std::string_view text;
  if (!value.get_string().get(text)) {
    wire_.Bytes(View(text));
    return true;
  }
  const absl::string_view token = Token(value);
  double number;  // read only to take the value, and to check that it is a number
  if (!field.is_id || value.get_double().get(number)) return Fail(at, "expected a string");
  if (IsDigits(token)) {
    wire_.Bytes(token);
    return true;
  }
  int64_t whole;  // 4.11e17
  if (ParseWholeNumber(token, whole) != WholeNumber::kGood || whole < 0) {
    return Fail(at, "expected a string");
  }
  wire_.Bytes(absl::AlphaNum(whole).Piece());
  return true;
}

bool WireFromJson::ReadInteger(Value& value, int64_t& number, const Path& at) {
  if (!value.get_int64().get(number)) return true;
  std::string_view text;
  if (!value.get_string().get(text)) {
    return absl::SimpleAtoi(View(text), &number) || Fail(at, "expected an integer");
  }
  const absl::string_view token = Token(value);
  double real;  // read only to take the value, and to check that it is a number
  if (value.get_double().get(real)) return Fail(at, "expected an integer");
  switch (ParseWholeNumber(token, number)) {
    case WholeNumber::kGood:
      return true;
    case WholeNumber::kFraction:
      return Fail(at, "expected an integer");
    case WholeNumber::kOutOfRange:
      return Fail(at, "is out of range");
  }
  return false;
}

bool WireFromJson::Integer(const FieldPlan& field, Value& value, const Path& at) {
  int64_t number;
  if (!ReadInteger(value, number, at)) return false;
  if (field.kind == Kind::kInt32 && (number < std::numeric_limits<int32_t>::min() ||
                                     number > std::numeric_limits<int32_t>::max())) {
    return Fail(at, "is out of range");
  }
  wire_.Varint(static_cast<uint64_t>(number));
  return true;
}

bool WireFromJson::Double(Value& value, const Path& at) {
  double number;
  if (value.get_double().get(number)) return Fail(at, "expected a number");
  wire_.Fixed64(std::bit_cast<uint64_t>(number));
  return true;
}

bool WireFromJson::Enum(const MessagePlan& owner, const FieldPlan& field, Value& value,
                        const Path& at) {
  std::string_view text;
  if (value.get_string().get(text)) return Fail(at, "expected a string");
  const std::optional<int32_t> number = field.enumeration->NumberOf(View(text));
  if (!number) drift_.Add(Drift::Kind::kUnknownEnumText, owner, &field, View(text));
  wire_.Varint(static_cast<uint64_t>(int64_t{number.value_or(0)}));
  return true;
}

bool WireFromJson::Nested(const FieldPlan& field, Value& value, const Path& at) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return Fail(at, "expected an object");
  size_t mark = 0;
  if (!Open(mark, at) || !Message(*field.message, object, at)) return false;
  Close(mark);
  return true;
}

bool WireFromJson::Open(size_t& mark, const Path& at) {
  if (++depth_ > kMaxDepth) return Fail(at, "is nested too deeply");
  mark = wire_.Begin();
  return true;
}

void WireFromJson::Close(size_t mark) {
  wire_.End(mark);
  --depth_;
}

bool WireFromJson::Fail(const Path& at, absl::string_view reason) {
  const std::string path = at.ToString();
  error_ = absl::StrCat(path.empty() ? "the whole" : path, ": ", reason);
  return false;
}

}  // namespace gateway::mapping
