// Quotes and escapes JSON strings.
#ifndef UPSTREAM_MAPPING_JSON_TEXT_H_
#define UPSTREAM_MAPPING_JSON_TEXT_H_

#include <string_view>

#include "absl/strings/string_view.h"
#include "upstream/mapping/swar.h"

namespace gateway::mapping {

// Converts a text from simdjson for Abseil: on Debian, absl::string_view is not std::string_view.
inline absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Returns the position of the first character that must be escaped in a JSON string, or the text's
// size.
inline size_t FindToEscape(absl::string_view text) {
  return swar::Find(text, ' ', [](uint64_t word) {
    return swar::Below(word, 0x20) | swar::Equal(word, '"') | swar::Equal(word, '\\');
  });
}

// Appends one character in its escaped form.
template <typename Out>
void AppendEscaped(char character, Out& out) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto c = static_cast<unsigned char>(character);
  out.push_back('\\');
  switch (c) {
    case '"':
    case '\\':
      return out.push_back(character);
    case '\n':
      return out.push_back('n');
    case '\r':
      return out.push_back('r');
    case '\t':
      return out.push_back('t');
    default:
      out.append("u00", 3);
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 15]);
  }
}

// Appends `text`, quoted and escaped. It must be UTF-8. `Out` is a std::string or a ByteSink.
template <typename Out>
void AppendJsonString(absl::string_view text, Out& out) {
  out.push_back('"');
  size_t plain = FindToEscape(text);
  while (plain < text.size()) {
    out.append(text.data(), plain);
    AppendEscaped(text[plain], out);
    text.remove_prefix(plain + 1);
    plain = FindToEscape(text);
  }
  out.append(text.data(), plain);
  out.push_back('"');
}

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_TEXT_H_
