#include "upstream/mapping/json_mend.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/formats.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr absl::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
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
      } else if (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c))) {
        Number();
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

  // A number that a double cannot hold is kept as a string of its digits.
  void Number() {
    const size_t length = std::min(rest_.find_first_not_of("0123456789+-.eE"), rest_.size());
    const absl::string_view digits = rest_.substr(0, length);
    double value = 0;
    const bool beyond = absl::SimpleAtod(digits, &value) && std::isinf(value);
    if (!beyond) return Keep(length);
    out_.push_back('"');
    Replace(length, digits, "a number beyond the range of a double");
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
