#include "upstream/mapping/free_json.h"

#include <bit>
#include <cmath>
#include <optional>

#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"
#include "upstream/mapping/keys_so_far.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kMalformed = "is malformed";

// Field numbers of google/protobuf/struct.proto.
constexpr uint32_t kStructFields = 1;
constexpr uint32_t kListValues = 1;
constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;
enum ValueField : uint32_t { kNull = 1, kNumber = 2, kText = 3, kBool = 4, kObject = 5, kList = 6 };

absl::string_view AppendValue(absl::string_view bytes, int depth, ByteSink& out);

absl::string_view AppendText(absl::string_view text, ByteSink& out) {
  if (!IsUtf8(text)) return "must be valid UTF-8";
  AppendJsonString(text, out);
  return "";
}

absl::string_view AppendNumber(double number, ByteSink& out) {
  if (!std::isfinite(number)) return "must be a finite number";
  out.Advance(WriteDouble(number, out.Room(kMaxDouble)));
  return "";
}

// A member of an object that `beside` has a field for is refused; there may be none.
absl::string_view AppendMember(absl::string_view entry, int depth, const MessagePlan* beside,
                               KeysSoFar& keys, ByteSink& out) {
  WireReader reader(entry);
  uint32_t number;
  WireValue part;
  absl::string_view key;
  std::optional<absl::string_view> value;
  while (!reader.done()) {
    if (!reader.ReadField(number, part) || part.type != WireType::kBytes) return kMalformed;
    if (number == kMapKey) {
      key = part.bytes;
    } else if (number == kMapValue) {
      if (value) return kSetTwice;
      value = part.bytes;
    } else {
      return kMalformed;
    }
  }
  if (!keys.Add(key)) return "has the same key twice";
  if (beside != nullptr && beside->ByWireName(key) != nullptr) {
    return "has a member that has a field of its own";
  }
  const absl::string_view error = AppendText(key, out);
  if (!error.empty()) return error;
  out.push_back(':');
  return AppendValue(value.value_or(""), depth, out);
}

absl::string_view AppendMembers(absl::string_view bytes, int depth, const MessagePlan* beside,
                                ByteSink& out) {
  if (depth > kMaxFreeJsonDepth) return "is nested too deeply";
  WireReader reader(bytes);
  uint32_t number;
  WireValue entry;
  KeysSoFar keys;
  while (!reader.done()) {
    if (!reader.ReadField(number, entry)) return kMalformed;
    if (number != kStructFields || entry.type != WireType::kBytes) return kMalformed;
    if (out.back() != '{') out.push_back(',');
    const absl::string_view error = AppendMember(entry.bytes, depth, beside, keys, out);
    if (!error.empty()) return error;
  }
  return "";
}

absl::string_view AppendObject(absl::string_view bytes, int depth, ByteSink& out) {
  out.push_back('{');
  const absl::string_view error = AppendMembers(bytes, depth, nullptr, out);
  out.push_back('}');
  return error;
}

absl::string_view AppendList(absl::string_view bytes, int depth, ByteSink& out) {
  if (depth > kMaxFreeJsonDepth) return "is nested too deeply";
  WireReader reader(bytes);
  uint32_t number;
  WireValue element;
  out.push_back('[');
  for (bool first = true; !reader.done(); first = false) {
    if (!reader.ReadField(number, element)) return kMalformed;
    if (number != kListValues || element.type != WireType::kBytes) return kMalformed;
    if (!first) out.push_back(',');
    const absl::string_view error = AppendValue(element.bytes, depth, out);
    if (!error.empty()) return error;
  }
  out.push_back(']');
  return "";
}

absl::string_view AppendValue(absl::string_view bytes, int depth, ByteSink& out) {
  uint32_t kind = 0;
  WireValue value;
  WireReader reader(bytes);
  if (!reader.done() && !reader.ReadField(kind, value)) return kMalformed;
  if (!reader.done()) return kSetTwice;
  switch (kind) {
    case kNull:
      if (value.type != WireType::kVarint) return kMalformed;
      out.append("null");
      return "";
    case kNumber:
      if (value.type != WireType::kFixed64) return kMalformed;
      return AppendNumber(std::bit_cast<double>(value.bits), out);
    case kBool:
      if (value.type != WireType::kVarint) return kMalformed;
      out.append(value.bits != 0 ? "true" : "false");
      return "";
    case kText:
    case kObject:
    case kList:
      if (value.type != WireType::kBytes) return kMalformed;
      if (kind == kText) return AppendText(value.bytes, out);
      return kind == kObject ? AppendObject(value.bytes, depth + 1, out)
                             : AppendList(value.bytes, depth + 1, out);
    case 0:
      return "has no value: use null_value for null";
    default:
      return kMalformed;
  }
}

}  // namespace

absl::string_view AppendFreeJson(Kind kind, absl::string_view bytes, ByteSink& out) {
  switch (kind) {
    case Kind::kStruct:
      return AppendObject(bytes, 0, out);
    case Kind::kListValue:
      return AppendList(bytes, 0, out);
    default:
      return AppendValue(bytes, 0, out);
  }
}

absl::string_view AppendFreeMembers(const MessagePlan& beside, absl::string_view bytes,
                                    ByteSink& out) {
  return AppendMembers(bytes, 0, &beside, out);
}

absl::string_view CheckFreeValue(const FieldPlan& field, absl::string_view bytes) {
  uint32_t kind = 0;
  WireValue value;
  if (!WireReader(bytes).ReadField(kind, value)) return kMalformed;
  if (field.format == Format::kStringOrNull && kind != kText && kind != kNull) {
    return "must be a string or null";
  }
  if (field.format == Format::kScalar && kind != kText && kind != kNumber && kind != kBool) {
    return "must be a string, a number or a boolean";
  }
  return kind == kText ? CheckLength(field, value.bytes) : "";
}

}  // namespace gateway::mapping
