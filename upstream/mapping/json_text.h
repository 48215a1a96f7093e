// The one thing in writing JSON that needs care: strings.
#ifndef UPSTREAM_MAPPING_JSON_TEXT_H_
#define UPSTREAM_MAPPING_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// `text` quoted and escaped. It must be UTF-8 and is otherwise copied as it is.
inline void AppendJsonString(absl::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.data() + copied, i - copied);
    copied = i + 1;
    out.push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      default:
        out.append("u00");
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
    }
  }
  out.append(text.data() + copied, text.size() - copied);
  out.push_back('"');
}

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_TEXT_H_
