// Which characters may stand in which part of a request. Each character costs one table lookup.
//
// Pure, safe to call from any thread.
#ifndef UPSTREAM_HTTP_CHARACTERS_H_
#define UPSTREAM_HTTP_CHARACTERS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/strings/string_view.h"

namespace gateway::http {

enum class Characters : uint8_t {
  kToken = 1,    // of a header's name (RFC 9110, 5.6.2)
  kValue = 2,    // of a header's value: no control character but the tab
  kVisible = 4,  // of a URL: ASCII that is neither a space nor a control character
};

namespace internal {

constexpr bool IsOf(Characters kind, unsigned char c) {
  const bool visible = c > 0x20 && c < 0x7f;
  switch (kind) {
    case Characters::kToken:  // all but the delimiters
      return visible && std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) ==
                            std::string_view::npos;
    case Characters::kValue:
      return c == '\t' || (c >= 0x20 && c != 0x7f);
    case Characters::kVisible:
      return visible;
  }
  return false;
}

constexpr std::array<uint8_t, 256> MakeTable() {
  std::array<uint8_t, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    for (const Characters kind : {Characters::kToken, Characters::kValue, Characters::kVisible}) {
      if (IsOf(kind, static_cast<unsigned char>(c))) table[c] |= static_cast<uint8_t>(kind);
    }
  }
  return table;
}

inline constexpr std::array<uint8_t, 256> kTable = MakeTable();

}  // namespace internal

// Whether all characters of the text are of this kind.
inline bool HasOnly(Characters kind, absl::string_view text) {
  auto all = static_cast<uint8_t>(kind);
  for (const char c : text) all &= internal::kTable[static_cast<unsigned char>(c)];
  return all != 0;
}

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CHARACTERS_H_
