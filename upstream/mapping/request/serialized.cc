#include "upstream/mapping/request/serialized.h"

#include <bit>
#include <cstdint>
#include <optional>

#include "upstream/mapping/scalar.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

bool IsMessageSerialized(const MessagePlan& plan, absl::string_view bytes, int depth);

size_t VarintSize(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// A field as it stands in the bytes. ReadMinimal returns nullopt if the field is malformed, or has
// more bytes than it needs.
struct Part {
  uint32_t number = 0;
  WireValue value;
};

std::optional<Part> ReadMinimal(WireReader& reader) {
  const char* const begin = reader.position();
  Part part;
  if (!reader.ReadField(part.number, part.value)) return std::nullopt;
  size_t size = VarintSize(uint64_t{part.number} << 3);
  switch (part.value.type) {
    case WireType::kVarint:
      size += VarintSize(part.value.bits);
      break;
    case WireType::kFixed64:
      size += 8;
      break;
    case WireType::kFixed32:
      size += 4;
      break;
    case WireType::kBytes:
      size += VarintSize(part.value.bytes.size()) + part.value.bytes.size();
      break;
  }
  if (static_cast<size_t>(reader.position() - begin) != size) return std::nullopt;
  return part;
}

bool IsNumberSerialized(Kind kind, uint64_t bits) {
  switch (kind) {
    case Kind::kInt32:
    case Kind::kEnum:
      return FitsInt32(static_cast<int64_t>(bits));
    case Kind::kBool:
      return bits <= 1;
    default:
      return true;
  }
}

// For a Timestamp. Its seconds and nanos have no presence, so a serializer leaves out zeros.
bool IsTimeSerialized(absl::string_view bytes) {
  WireReader reader(bytes);
  uint32_t last = 0;
  while (!reader.done()) {
    const std::optional<Part> part = ReadMinimal(reader);
    const bool good = part && part->number > last && part->number <= 2 &&
                      part->value.type == WireType::kVarint && part->value.bits != 0 &&
                      (part->number == 1 || FitsInt32(static_cast<int64_t>(part->value.bits)));
    if (!good) return false;
    last = part->number;
  }
  return true;
}

bool IsValueSerialized(const FieldPlan& field, const WireValue& value, int depth) {
  if (value.type != WireTypeOf(field.kind)) return false;
  switch (field.kind) {
    case Kind::kString:
    case Kind::kDouble:
      return true;
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kBool:
    case Kind::kEnum:
      return IsNumberSerialized(field.kind, value.bits);
    case Kind::kTimestamp:
      return IsTimeSerialized(value.bytes);
    case Kind::kMessage:
      return IsMessageSerialized(*field.message, value.bytes, depth + 1);
    default:
      return false;  // JSON of any form has maps inside
  }
}

bool IsPackedSerialized(Kind kind, absl::string_view bytes) {
  WireReader reader(bytes);
  if (reader.done()) return false;  // a serializer leaves an empty list out
  while (!reader.done()) {
    uint64_t bits = 0;
    const char* const begin = reader.position();
    if (WireTypeOf(kind) == WireType::kFixed64) {
      if (!reader.ReadFixed64(bits)) return false;
      continue;
    }
    if (!reader.ReadVarint(bits) || !IsNumberSerialized(kind, bits)) return false;
    if (static_cast<size_t>(reader.position() - begin) != VarintSize(bits)) return false;
  }
  return true;
}

// Checks an entry of a map. If it is not the first entry, its key must come after `last_key`. Sets
// `last_key` to the key of the entry.
bool IsEntrySerialized(const FieldPlan& field, const WireValue& entry, bool is_first,
                       absl::string_view& last_key, int depth) {
  if (entry.type != WireType::kBytes) return false;
  WireReader reader(entry.bytes);
  const std::optional<Part> key = ReadMinimal(reader);
  if (!key || key->number != 1 || key->value.type != WireType::kBytes) return false;
  if (!is_first && last_key >= key->value.bytes) return false;
  last_key = key->value.bytes;
  const std::optional<Part> value = ReadMinimal(reader);
  return value && value->number == 2 && reader.done() &&
         IsValueSerialized(field, value->value, depth + 1);
}

bool IsMessageSerialized(const MessagePlan& plan, absl::string_view bytes, int depth) {
  if (depth > kMaxDepth) return false;
  WireReader reader(bytes);
  uint32_t last = 0;
  absl::string_view last_key;
  while (!reader.done()) {
    const std::optional<Part> part = ReadMinimal(reader);
    if (!part || part->number < last) return false;
    const FieldPlan* const field = plan.ByNumber(part->number);
    if (field == nullptr) return false;
    const bool again = part->number == last;
    last = part->number;
    switch (field->cardinality) {
      case Cardinality::kSingular:
        if (again || !IsValueSerialized(*field, part->value, depth)) return false;
        break;
      case Cardinality::kRepeated:
        if (IsPackable(field->kind)) {
          if (again || part->value.type != WireType::kBytes ||
              !IsPackedSerialized(field->kind, part->value.bytes)) {
            return false;
          }
        } else if (!IsValueSerialized(*field, part->value, depth)) {
          return false;
        }
        break;
      case Cardinality::kMap:
        if (!IsEntrySerialized(*field, part->value, !again, last_key, depth)) return false;
        break;
    }
  }
  return true;
}

}  // namespace

bool IsSerialized(const MessagePlan& plan, absl::string_view bytes) {
  return IsMessageSerialized(plan, bytes, 0);
}

}  // namespace gateway::mapping
