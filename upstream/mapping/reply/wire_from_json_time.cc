// The part of WireFromJson that reads times: see wire_from_json.h.
#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "upstream/mapping/reply/wire_from_json.h"

namespace gateway::mapping {

bool WireFromJson::ReadInstant(const FieldPlan& field, Value& value, Instant& instant,
                               const Path& at) {
  const bool epoch = field.format == Format::kEpochSeconds;
  std::string_view text;
  if (!value.get_string().get(text)) {
    if (const std::optional<Instant> parsed =
            ParseRfc3339(absl::string_view(text.data(), text.size()))) {
      instant = *parsed;
      return true;
    }
    if (!epoch) return Fail(at, "expected an RFC 3339 time");
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &instant.seconds))
      return Fail(at, "expected an integer");
  } else if (!epoch) {
    return Fail(at, "expected a string");
  } else if (!ReadInteger(value, instant.seconds, at)) {
    return false;
  }
  return IsValid(instant) || Fail(at, "is out of range");
}

bool WireFromJson::Timestamp(const FieldPlan& field, Value& value, const Path& at) {
  Instant instant;
  return ReadInstant(field, value, instant, at) && WriteInstant(instant, at);
}

bool WireFromJson::WriteInstant(const Instant& instant, const Path& at) {
  size_t mark = 0;
  if (!Open(mark, at)) return false;
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

}  // namespace gateway::mapping
