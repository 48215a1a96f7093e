#include "upstream/sandbox/formats.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gateway::sandbox {
namespace {

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Takes `digits` digits from the front of `text`, as a number.
std::optional<int> TakeNumber(absl::string_view& text, size_t digits) {
  int number = 0;
  if (text.size() < digits || !AllDigits(text.substr(0, digits)) ||
      !absl::SimpleAtoi(text.substr(0, digits), &number)) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return number;
}

bool Take(absl::string_view& text, absl::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == absl::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool Within(const std::optional<int>& number, int low, int high) {
  return number && *number >= low && *number <= high;
}

int DaysOf(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool TakeDate(absl::string_view& text) {
  const auto year = TakeNumber(text, 4);
  if (!Within(year, 1, 9999) || !Take(text, "-")) return false;
  const auto month = TakeNumber(text, 2);
  if (!Within(month, 1, 12) || !Take(text, "-")) return false;
  return Within(TakeNumber(text, 2), 1, DaysOf(*year, *month));
}

bool TakeFraction(absl::string_view& text) {
  if (!Take(text, ".")) return true;
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
  text.remove_prefix(digits);
  return digits >= 1 && digits <= 9;
}

bool TakeClock(absl::string_view& text) {
  if (!Within(TakeNumber(text, 2), 0, 23) || !Take(text, ":")) return false;
  if (!Within(TakeNumber(text, 2), 0, 59) || !Take(text, ":")) return false;
  return Within(TakeNumber(text, 2), 0, 60) && TakeFraction(text);
}

bool TakeZone(absl::string_view& text) {
  if (Take(text, "Zz")) return true;
  if (!Take(text, "+-")) return false;
  return Within(TakeNumber(text, 2), 0, 23) && Take(text, ":") &&
         Within(TakeNumber(text, 2), 0, 59);
}

// Takes the parts of a duration from the front of `text`. `units` lists the allowed unit letters;
// each may occur once, in that order. With `fraction`, the seconds may have a fraction. Returns the
// number of parts taken, or -1 if the text is malformed.
int TakeParts(absl::string_view& text, absl::string_view units, bool fraction) {
  int parts = 0;
  while (!text.empty() && absl::ascii_isdigit(text.front())) {
    while (!text.empty() && absl::ascii_isdigit(text.front())) text.remove_prefix(1);
    const bool has_fraction = !text.empty() && text.front() == '.';
    if (has_fraction && (!fraction || !TakeFraction(text))) return -1;
    if (text.empty()) return -1;
    const size_t unit = units.find(text.front());
    if (unit == absl::string_view::npos || (has_fraction && units[unit] != 'S')) return -1;
    units.remove_prefix(unit + 1);
    text.remove_prefix(1);
    ++parts;
  }
  return parts;
}

bool BeginsCharacter(char byte) { return (byte & '\xc0') != '\x80'; }

}  // namespace

std::optional<int64_t> ParseFlakeId(absl::string_view text) {
  int64_t number = 0;
  if (text.size() > 19 || !AllDigits(text) || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

bool IsFlakeId(absl::string_view text) { return ParseFlakeId(text).has_value(); }

bool IsSteamId(absl::string_view text) {
  uint64_t number = 0;
  return text.size() <= 20 && AllDigits(text) && absl::SimpleAtoi(text, &number);
}

bool IsDateTime(absl::string_view text) {
  return TakeDate(text) && Take(text, "Tt") && TakeClock(text) && TakeZone(text) && text.empty();
}

bool IsPeriod(absl::string_view text) {
  if (!Take(text, "P")) return false;
  const int days = TakeParts(text, "YMWD", false);
  if (days < 0) return false;
  if (text.empty()) return days > 0;
  return Take(text, "T") && TakeParts(text, "HMS", true) > 0 && text.empty();
}

bool HasFormat(absl::string_view format, absl::string_view text) {
  if (format == "flake-id") return IsFlakeId(text);
  if (format == "steam-id") return IsSteamId(text);
  if (format == "date-time") return IsDateTime(text);
  if (format == "period") return IsPeriod(text);
  if (format == "digits") return text.empty() || AllDigits(text);
  return true;
}

size_t CharactersIn(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

absl::string_view FirstCharacters(absl::string_view text, size_t most) {
  size_t characters = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (BeginsCharacter(text[at]) && ++characters > most) return text.substr(0, at);
  }
  return text;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string MoneyText(int64_t minor_units, absl::string_view currency) {
  const uint64_t magnitude =
      minor_units < 0 ? 0 - static_cast<uint64_t>(minor_units) : static_cast<uint64_t>(minor_units);
  const std::string symbol =
      currency == "usd" ? "$" : absl::StrCat(absl::AsciiStrToUpper(currency), " ");
  return absl::StrFormat("%s%s%d.%02d", minor_units < 0 ? "-" : "", symbol, magnitude / 100,
                         magnitude % 100);
}

}  // namespace gateway::sandbox
