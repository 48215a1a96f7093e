#include "upstream/mapping/wire_from_json.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/swar.h"

namespace gateway::mapping {
namespace {

using simdjson::ondemand::json_type;

constexpr absl::string_view kNotJson = "is not valid JSON";
constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// True also for what only begins like null: the walk then stops at it as invalid.
bool IsNull(WireFromJson::Value& value) {
  json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == json_type::null;
}

// Takes the value, which must be null to the letter.
bool TakeNull(WireFromJson::Value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

// True for "", which is not taken by looking at it.
bool IsEmptyText(WireFromJson::Value& value) {
  const std::string_view token = value.raw_json_token();
  return token.size() >= 2 && token[0] == '"' && token[1] == '"';
}

bool IsPackable(Kind kind) { return WireTypeOf(kind) != WireType::kBytes; }

// A key's text in the document itself, unless something in it is escaped. To be called once for
// each. False where the key is no good.
bool ReadKey(simdjson::ondemand::field& member, absl::string_view& key) {
  const char* const text = member.key().raw();
  uint64_t ends = 0;
  size_t size = 0;
  // That there is an end was seen before, and a document's padding is longer than a word.
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

// Takes a string in which nothing is escaped and behind which no white space stands, and nothing
// else.
std::optional<absl::string_view> TakePlainText(WireFromJson::Value& value) {
  // As far as the next token; empty where a document ends before its value.
  const std::string_view token = value.raw_json_token();
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  const absl::string_view text(token.data() + 1, token.size() - 2);
  const auto escapes = [](uint64_t word) { return swar::Equal(word, '\\'); };
  simdjson::ondemand::raw_json_string taken;
  if (swar::Find(text, ' ', escapes) != text.size() || value.get_raw_json_string().get(taken)) {
    return std::nullopt;
  }
  return text;
}

}  // namespace

bool WireFromJson::Message(const MessagePlan& plan, simdjson::ondemand::object object,
                           const Path& at) {
  FieldSet seen;
  FieldSet set;
  KeysSoFar others;
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
    if (seen.Contains(field->index)) {
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
    if (!Field(plan, *field, value, here)) return false;
  }
  TellMissing(plan, seen, set);
  return true;
}

bool WireFromJson::Unknown(const MessagePlan& plan, absl::string_view name, Value& value,
                           KeysSoFar& others, const Path& at) {
  if (plan.rest == nullptr) {
    drift_.Add(Drift::Kind::kUnknownMember, plan, nullptr, name);
    return true;
  }
  if (!others.Add(name)) return Fail(at, "has the same key twice");
  return Rest(*plan.rest, name, value, at);
}

void WireFromJson::TellMissing(const MessagePlan& plan, const FieldSet& seen, const FieldSet& set) {
  plan.required.ForEachNotIn(set, [&](uint32_t index) {
    const FieldPlan& field = plan.fields[index];
    if (field.nullable && seen.Contains(index)) return;
    drift_.Add(Drift::Kind::kMissingRequired, plan, &field, "");
  });
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
    if (!Tagged(owner, field, field.number, element, here)) return false;
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
    if (!keys.Add(View(key))) return Fail(here, "is there twice");
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

bool WireFromJson::Tagged(const MessagePlan& owner, const FieldPlan& field, uint32_t number,
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
  const bool id = field.format == Format::kFlakeId || field.format == Format::kSteamId;
  uint64_t number;
  if (id && !value.get_uint64().get(number)) {
    wire_.Bytes(absl::AlphaNum(number).Piece());
    return true;
  }
  return Fail(at, "expected a string");
}

bool WireFromJson::ReadInteger(Value& value, int64_t& number, const Path& at) {
  // 2^53: every integer below is a double of its own. 2^53 itself may be a rounded 2^53 + 1.
  constexpr double kExact = 9007199254740992.0;
  if (value.get_int64().get(number)) {
    std::string_view text;
    double real;
    if (!value.get_string().get(text)) {
      if (!absl::SimpleAtoi(View(text), &number)) return Fail(at, "expected an integer");
    } else if (!value.get_double().get(real)) {
      if (real != std::trunc(real)) return Fail(at, "expected an integer");
      if (std::abs(real) >= kExact) return Fail(at, "is out of range");
      number = static_cast<int64_t>(real);
    } else {
      return Fail(at, "expected an integer");
    }
  }
  return true;
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

bool WireFromJson::ReadInstant(const FieldPlan& field, Value& value, Instant& instant,
                               const Path& at) {
  if (field.format == Format::kEpochSeconds) {
    if (!ReadInteger(value, instant.seconds, at)) return false;
    return IsValid(instant) || Fail(at, "is out of range");
  }
  std::string_view text;
  if (value.get_string().get(text)) return Fail(at, "expected a string");
  const std::optional<Instant> parsed = ParseRfc3339(View(text));
  if (!parsed) return Fail(at, "expected an RFC 3339 time");
  instant = *parsed;
  return true;
}

bool WireFromJson::Timestamp(const FieldPlan& field, Value& value, const Path& at) {
  Instant instant;
  size_t mark = 0;
  if (!ReadInstant(field, value, instant, at) || !Open(mark, at)) return false;
  if (instant.seconds != 0) {
    wire_.Tag(1, WireType::kVarint);
    wire_.Varint(static_cast<uint64_t>(instant.seconds));
  }
  if (instant.nanos != 0) {
    wire_.Tag(2, WireType::kVarint);
    wire_.Varint(static_cast<uint64_t>(instant.nanos));
  }
  Close(mark);
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
