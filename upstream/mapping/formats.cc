#include "upstream/mapping/formats.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "upstream/mapping/swar.h"

namespace gateway::mapping {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

// Reads from the front of a text; every Take* leaves the text as it was when it fails.
class Cursor {
 public:
  explicit Cursor(absl::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }

  bool Take(char wanted) {
    if (peek() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool TakeOneOf(char first, char second) { return Take(first) || Take(second); }

  // Takes all digits up to the next other character.
  absl::string_view TakeDigits() {
    size_t count = 0;
    while (count < text_.size() && absl::ascii_isdigit(text_[count])) ++count;
    const absl::string_view digits = text_.substr(0, count);
    text_.remove_prefix(count);
    return digits;
  }

  // Exactly `count` digits.
  std::optional<int> TakeNumber(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (i >= text_.size() || !absl::ascii_isdigit(text_[i])) return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }

 private:
  absl::string_view text_;
};

// Whether the text has only digits and its number is at most `most`, which has no leading zero.
bool IsNumberUpTo(absl::string_view text, absl::string_view most) {
  if (text.size() > most.size() || !swar::IsDigits(text)) return false;
  return text.size() < most.size() || text <= most;
}

// Writes two digits.
char* WriteTwo(int64_t number, char* place) {
  *place++ = static_cast<char>('0' + number / 10);
  *place++ = static_cast<char>('0' + number % 10);
  return place;
}

// Takes the parts named by `units` in their order, each at most once. Returns how many there were,
// or -1 for a bad one.
int TakeDurationParts(Cursor& cursor, absl::string_view units, bool& had_fraction) {
  int parts = 0;
  size_t next_unit = 0;
  while (absl::ascii_isdigit(cursor.peek())) {
    if (had_fraction) return -1;
    cursor.TakeDigits();
    if (cursor.TakeOneOf('.', ',')) {
      had_fraction = true;
      if (cursor.TakeDigits().empty()) return -1;
    }
    const size_t unit = units.find(cursor.peek(), next_unit);
    if (unit == absl::string_view::npos || !cursor.Take(units[unit])) return -1;
    next_unit = unit + 1;
    ++parts;
  }
  return parts;
}

// Takes a fraction such as ".123" and returns it in nanoseconds. Returns 0 if there is no fraction,
// and nullopt if it has no digits or is finer than nanoseconds.
std::optional<int32_t> TakeFraction(Cursor& cursor) {
  if (!cursor.Take('.')) return 0;
  const absl::string_view digits = cursor.TakeDigits();
  if (digits.empty()) return std::nullopt;
  int32_t nanos = 0;
  for (size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  if (digits.size() > 9 && digits.find_first_not_of('0', 9) != absl::string_view::npos) {
    return std::nullopt;
  }
  return nanos;
}

// "Z" or "+02:00", in seconds east of UTC.
std::optional<int> TakeOffset(Cursor& cursor) {
  if (cursor.TakeOneOf('Z', 'z')) return 0;
  const int sign = cursor.peek() == '-' ? -1 : 1;
  if (!cursor.TakeOneOf('+', '-')) return std::nullopt;
  const std::optional<int> hours = cursor.TakeNumber(2);
  if (!hours || !cursor.Take(':')) return std::nullopt;
  const std::optional<int> minutes = cursor.TakeNumber(2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

// Writes a point and 3, 6 or 9 digits. `nanos` must not be 0.
char* WriteFraction(int32_t nanos, char* place) {
  int digits = 9;
  for (; nanos % 1000 == 0; nanos /= 1000) digits -= 3;
  *place = '.';
  for (int i = digits; i > 0; --i, nanos /= 10) place[i] = static_cast<char>('0' + nanos % 10);
  return place + 1 + digits;
}

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

bool IsFlakeId(absl::string_view text) { return IsNumberUpTo(text, "9223372036854775807"); }

bool IsSteamId(absl::string_view text) { return IsNumberUpTo(text, "18446744073709551615"); }

bool IsIso8601Duration(absl::string_view text) {
  Cursor cursor(text);
  if (!cursor.Take('P')) return false;
  bool had_fraction = false;
  const int date_parts = TakeDurationParts(cursor, "YMWD", had_fraction);
  if (date_parts < 0) return false;
  if (!cursor.Take('T')) return date_parts > 0 && cursor.done();
  return TakeDurationParts(cursor, "HMS", had_fraction) > 0 && cursor.done();
}

bool IsValid(const Instant& instant) {
  return instant.seconds >= kFirstSecond && instant.seconds <= kLastSecond && instant.nanos >= 0 &&
         instant.nanos <= 999'999'999;
}

std::optional<Instant> ParseRfc3339(absl::string_view text) {
  Cursor cursor(text);
  const auto year = cursor.TakeNumber(4);
  if (!year || !cursor.Take('-')) return std::nullopt;
  const auto month = cursor.TakeNumber(2);
  if (!month || !cursor.Take('-')) return std::nullopt;
  const auto day = cursor.TakeNumber(2);
  if (!day || !(cursor.TakeOneOf('T', 't') || cursor.Take(' '))) return std::nullopt;
  const auto hour = cursor.TakeNumber(2);
  if (!hour || !cursor.Take(':')) return std::nullopt;
  const auto minute = cursor.TakeNumber(2);
  if (!minute || !cursor.Take(':')) return std::nullopt;
  const auto second = cursor.TakeNumber(2);
  if (!second) return std::nullopt;
  const auto nanos = TakeFraction(cursor);
  const auto offset = nanos ? TakeOffset(cursor) : std::nullopt;
  if (!offset || !cursor.done()) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second

  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const Instant instant{((days * 24 + *hour) * 60 + *minute) * 60 + *second - *offset, *nanos};
  if (!IsValid(instant)) return std::nullopt;
  return instant;
}

char* WriteRfc3339(const Instant& instant, char* buffer) {
  int64_t days = instant.seconds / 86400;
  int64_t second_of_day = instant.seconds % 86400;
  if (second_of_day < 0) {
    second_of_day += 86400;
    --days;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  const int year = static_cast<int>(date.year());
  char* end = WriteTwo(year / 100, buffer);
  end = WriteTwo(year % 100, end);
  *end++ = '-';
  end = WriteTwo(static_cast<unsigned>(date.month()), end);
  *end++ = '-';
  end = WriteTwo(static_cast<unsigned>(date.day()), end);
  *end++ = 'T';
  end = WriteTwo(second_of_day / 3600, end);
  *end++ = ':';
  end = WriteTwo(second_of_day / 60 % 60, end);
  *end++ = ':';
  end = WriteTwo(second_of_day % 60, end);
  if (instant.nanos != 0) end = WriteFraction(instant.nanos, end);
  *end++ = 'Z';
  return end;
}

char* WriteDouble(double number, char* buffer) {
  constexpr double kExact = 9007199254740992.0;
  char* const last = buffer + kMaxDouble;
  const bool negative_zero = number == 0 && std::signbit(number);
  const bool whole = std::abs(number) <= kExact && number == std::trunc(number) && !negative_zero;
  return whole ? std::to_chars(buffer, last, static_cast<int64_t>(number)).ptr
               : std::to_chars(buffer, last, number).ptr;
}

WholeNumber ParseWholeNumber(absl::string_view text, int64_t& number) {
  // A number with more zeros at its end than this has more digits than an int64.
  constexpr int64_t kMostDigits = std::numeric_limits<int64_t>::digits10 + 1;
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  absl::string_view shift = text.substr(std::min(e + 1, text.size()));
  int64_t exponent = 0;
  if (!shift.empty() && !absl::SimpleAtoi(shift, &exponent)) return WholeNumber::kOutOfRange;
  std::string digits(text.substr(0, e));
  if (const size_t point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<int64_t>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  const size_t last = digits.find_last_not_of("0-");
  if (last == std::string::npos) {  // nothing but zeros
    number = 0;
    return WholeNumber::kGood;
  }
  exponent += static_cast<int64_t>(digits.size() - last - 1);
  digits.resize(last + 1);
  if (exponent < 0) return WholeNumber::kFraction;
  if (exponent > kMostDigits) return WholeNumber::kOutOfRange;
  digits.append(static_cast<size_t>(exponent), '0');
  return absl::SimpleAtoi(digits, &number) ? WholeNumber::kGood : WholeNumber::kOutOfRange;
}

void AppendPercentEncoded(absl::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

bool IsUtf8(absl::string_view text) {
  return swar::IsAscii(text) || simdjson::validate_utf8(text.data(), text.size());
}

size_t CountCharacters(absl::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins));
}

absl::string_view Utf8Prefix(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace gateway::mapping
