#include "upstream/mapping/json_mend.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/formats.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr size_t kUnicodeEscape = 6;  // \uXXXX

// The length of the character at the beginning of `text`; 0 if its first byte belongs to none.
size_t CharacterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return length <= text.size() && IsUtf8(text.substr(0, length)) ? length : 0;
}

// The code unit of `\uXXXX` at the beginning of `text`, if that is there.
std::optional<uint32_t> CodeUnit(absl::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  uint32_t unit = 0;
  for (const char digit : text.substr(2, 4)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(digit))) return std::nullopt;
    const int value = absl::ascii_isdigit(static_cast<unsigned char>(digit))
                          ? digit - '0'
                          : absl::ascii_tolower(static_cast<unsigned char>(digit)) - 'a' + 10;
    unit = unit * 16 + static_cast<uint32_t>(value);
  }
  return unit;
}

// The length of what is meant as a number at the beginning of `text`: "1.5", "NaN", "-Infinity".
size_t NumberLength(absl::string_view text) {
  if (absl::StartsWith(text, "NaN")) return 3;
  if (text.front() == 'e' || text.front() == 'E') return 0;  // a letter of true or false
  const size_t length = std::min(text.find_first_not_of("0123456789+-.eE"), text.size());
  constexpr absl::string_view kInfinity = "Infinity";
  const bool infinite = length <= 1 && absl::StartsWith(text.substr(length), kInfinity);
  return infinite ? length + kInfinity.size() : length;
}

// Takes one digit or more.
bool TakeDigits(absl::string_view& text) {
  const size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(length);
  return length > 0;
}

// number = [ "-" ] ( "0" / digit1-9 *DIGIT ) [ "." 1*DIGIT ] [ exp ]
// exp = ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT
bool IsJsonNumber(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  if (!absl::ConsumePrefix(&text, "0") && !TakeDigits(text)) return false;
  if (absl::ConsumePrefix(&text, ".") && !TakeDigits(text)) return false;
  if (absl::ConsumePrefix(&text, "e") || absl::ConsumePrefix(&text, "E")) {
    if (!absl::ConsumePrefix(&text, "+")) absl::ConsumePrefix(&text, "-");
    if (!TakeDigits(text)) return false;
  }
  return text.empty();
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

class Mender {
 public:
  explicit Mender(absl::string_view text) : rest_(text) { out_.reserve(text.size() + 16); }

  std::optional<MendedJson> Mend() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"') {
        Keep(1);
        Text();
      } else if (const size_t length = NumberLength(rest_); length > 0) {
        Number(length);
      } else {
        Keep(1);
      }
    }
    if (what_.empty()) return std::nullopt;
    return MendedJson{std::move(out_), what_};
  }

 private:
  void Keep(size_t size) {
    out_.append(rest_.data(), size);
    rest_.remove_prefix(size);
  }

  void Replace(size_t size, absl::string_view replacement, absl::string_view what) {
    out_.append(replacement.data(), replacement.size());
    rest_.remove_prefix(size);
    if (what_.empty()) what_ = what;
  }

  // Reads up to the end of the string that has begun, including the quotation mark.
  void Text() {
    while (!rest_.empty()) {
      const auto c = static_cast<unsigned char>(rest_.front());
      if (c == '"') return Keep(1);
      if (c == '\\') {
        Escape();
      } else if (c < 0x20) {
        Replace(1, " ", "a control character");
      } else if (c < 0x80) {
        Keep(1);
      } else if (const size_t length = CharacterLength(rest_); length != 0) {
        Keep(length);
      } else {
        Replace(1, kReplacement, "a byte that is not UTF-8");
      }
    }
  }

  void Escape() {
    if (rest_.size() < 2) return Keep(1);
    if (rest_[1] != 'u') {
      const bool known = absl::string_view("\"\\/bfnrt").find(rest_[1]) != absl::string_view::npos;
      return known ? Keep(2) : Replace(1, "\\\\", "an escape that JSON does not have");
    }
    const std::optional<uint32_t> unit = CodeUnit(rest_);
    if (!unit) return Replace(1, "\\\\", "an escape that JSON does not have");
    if (IsHighSurrogate(*unit)) {
      const std::optional<uint32_t> next = CodeUnit(rest_.substr(kUnicodeEscape));
      if (next && IsLowSurrogate(*next)) return Keep(2 * kUnicodeEscape);
    }
    if (IsHighSurrogate(*unit) || IsLowSurrogate(*unit)) {
      return Replace(kUnicodeEscape, "\\ufffd", "half of a surrogate pair");
    }
    Keep(kUnicodeEscape);
  }

  // A number that JSON does not have, or a double cannot hold, is kept as a string.
  void Number(size_t length) {
    const absl::string_view text = rest_.substr(0, length);
    const bool at_end = length == rest_.size();  // the number may go on where the text was cut
    double value = 0;
    if (!IsJsonNumber(text)) {
      at_end ? Keep(length) : Quote(length, "a number that JSON does not have");
    } else if (absl::SimpleAtod(text, &value) && std::isinf(value)) {
      Quote(length, "a number beyond the range of a double");
    } else {
      Keep(length);
    }
  }

  void Quote(size_t length, absl::string_view what) {
    out_.push_back('"');
    Replace(length, rest_.substr(0, length), what);
    out_.push_back('"');
  }

  absl::string_view rest_;
  std::string out_;
  absl::string_view what_;
};

}  // namespace

std::optional<MendedJson> MendJson(absl::string_view text) { return Mender(text).Mend(); }

std::string MendUtf8(absl::string_view text) {
  std::string mended;
  mended.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const absl::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    mended.append(character.data(), character.size());
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return mended;
}

absl::string_view JsonContent(absl::string_view text) {
  absl::ConsumePrefix(&text, kByteOrderMark);
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace gateway::mapping
