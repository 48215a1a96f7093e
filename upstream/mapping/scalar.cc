#include "upstream/mapping/scalar.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/base/attributes.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

// In seconds. Clocks differ, and a request takes time to arrive. So a time that is beyond a bound
// by no more than this is left to the upstream to judge.
constexpr int64_t kClockTolerance = 60;

constexpr absl::string_view kBelowMinimum = "is below the minimum";
constexpr absl::string_view kAboveMaximum = "is above the maximum";
constexpr absl::string_view kTooShort = "is too short";
constexpr absl::string_view kTooLong = "is too long";
constexpr absl::string_view kTooSoon = "is too soon, or past";
constexpr absl::string_view kTooLate = "is too far in the future";

absl::string_view Until(const char* end, const Scratch& scratch) {
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

constexpr absl::string_view kNoFlakeId = "must be a 64-bit id in decimal digits";

ScalarText Error(absl::string_view reason) { return {"", reason}; }

ScalarText IntegerText(const FieldPlan& field, const WireValue& value, Scratch& scratch) {
  const auto number = static_cast<int64_t>(value.bits);
  const bool narrow = field.kind == Kind::kInt32 || field.format == Format::kInt32;
  if (narrow && !FitsInt32(number)) return Error("must fit in 32 bits");
  if (field.format == Format::kFlakeId && number < 0) return Error(kNoFlakeId);
  if (field.minimum && number < *field.minimum) return Error(kBelowMinimum);
  if (field.maximum && number > *field.maximum) return Error(kAboveMaximum);
  return {Until(std::to_chars(scratch.begin(), scratch.end(), number).ptr, scratch), ""};
}

ScalarText StringText(const FieldPlan& field, absl::string_view text) {
  if (!IsUtf8(text)) return Error("must be valid UTF-8");
  switch (field.format) {
    case Format::kFlakeId:
      if (!IsFlakeId(text)) return Error(kNoFlakeId);
      break;
    case Format::kSteamId:
      if (!IsSteamId(text)) return Error("must be a 64-bit Steam id in decimal digits");
      break;
    case Format::kIso8601Duration:
      if (!IsIso8601Duration(text))
        return Error("must be an ISO 8601 duration, such as P1M or PT12H");
      break;
    case Format::kDigits:
      if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
        return Error("must be decimal digits");
      }
      break;
    default:
      break;
  }
  return {text, CheckLength(field, text)};
}

absl::string_view CheckAhead(const FieldPlan& field, const Instant& instant, absl::Time now) {
  if (!field.min_seconds_ahead && !field.max_seconds_ahead) return "";
  const int64_t ahead = instant.seconds - absl::ToUnixSeconds(now);
  if (field.min_seconds_ahead && ahead < *field.min_seconds_ahead - kClockTolerance) {
    return kTooSoon;
  }
  if (field.max_seconds_ahead && ahead > *field.max_seconds_ahead + kClockTolerance) {
    return kTooLate;
  }
  return "";
}

// Not inlined: otherwise TextOf would need this function's stack frame for every kind.
ABSL_ATTRIBUTE_NOINLINE ScalarText TimestampText(const FieldPlan& field, absl::string_view message,
                                                 absl::Time now, Scratch& scratch) {
  Instant instant;
  WireReader reader(message);
  uint32_t number;
  WireValue value;
  while (!reader.done()) {
    if (!reader.ReadField(number, value) || value.type != WireType::kVarint || number > 2) {
      return Error("is not a valid timestamp");
    }
    if (number == 1) instant.seconds = static_cast<int64_t>(value.bits);
    if (number == 2) {
      if (!FitsInt32(static_cast<int64_t>(value.bits))) return Error("is not a valid timestamp");
      instant.nanos = static_cast<int32_t>(value.bits);
    }
  }
  if (!IsValid(instant))
    return Error("must lie between the years 1 and 9999, nanos within a second");
  const bool in_seconds = field.format == Format::kEpochSeconds;
  if (in_seconds && instant.nanos != 0) return Error("must be whole seconds");
  const char* const end = in_seconds
                              ? std::to_chars(scratch.begin(), scratch.end(), instant.seconds).ptr
                              : WriteRfc3339(instant, scratch.data());
  return {Until(end, scratch), CheckAhead(field, instant, now)};
}

}  // namespace

bool FitsInt32(int64_t number) {
  return number >= std::numeric_limits<int32_t>::min() &&
         number <= std::numeric_limits<int32_t>::max();
}

std::string Explain(const FieldPlan& field, absl::string_view error) {
  if (error == kBelowMinimum) return absl::StrCat(error, " of ", *field.minimum);
  if (error == kAboveMaximum) return absl::StrCat(error, " of ", *field.maximum);
  if (error == kTooShort)
    return absl::StrCat(error, ": at least ", *field.min_length, " characters");
  if (error == kTooLong) return absl::StrCat(error, ": at most ", *field.max_length, " characters");
  if (error == kTooSoon) {
    return absl::StrCat(error, ": at least ", *field.min_seconds_ahead, " seconds ahead");
  }
  if (error == kTooLate) {
    return absl::StrCat(error, ": at most ", *field.max_seconds_ahead, " seconds ahead");
  }
  return std::string(error);
}

absl::string_view CheckLength(const FieldPlan& field, absl::string_view text) {
  if (!field.min_length && !field.max_length) return "";
  const size_t length = CountCharacters(text);
  if (field.min_length && length < *field.min_length) return kTooShort;
  if (field.max_length && length > *field.max_length) return kTooLong;
  return "";
}

ScalarText TextOf(const FieldPlan& field, const WireValue& value, absl::Time now,
                  Scratch& scratch) {
  switch (field.kind) {
    case Kind::kString:
      return StringText(field, value.bytes);
    case Kind::kInt32:
    case Kind::kInt64:
      return IntegerText(field, value, scratch);
    case Kind::kDouble: {
      const double number = std::bit_cast<double>(value.bits);
      if (!std::isfinite(number)) return Error("must be a finite number");
      return {Until(WriteDouble(number, scratch.data()), scratch), ""};
    }
    case Kind::kBool:
      return {value.bits != 0 ? "true" : "false", ""};
    case Kind::kEnum: {
      const absl::string_view text = field.enumeration->TextOf(static_cast<int64_t>(value.bits));
      if (text.empty())
        return Error("must be one of the enum's values, and not the unspecified one");
      return {text, ""};
    }
    case Kind::kTimestamp:
      return TimestampText(field, value.bytes, now, scratch);
    default:
      return Error("is not a scalar");
  }
}

}  // namespace gateway::mapping
