// Examines eight bytes of text at once ("SIMD within a register"). Most texts of DTOs have ten to
// thirty bytes; for these, a call into a vectorized library costs more.
//
// Little-endian machines only: the first byte is the lowest.
#ifndef UPSTREAM_MAPPING_SWAR_H_
#define UPSTREAM_MAPPING_SWAR_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace gateway::mapping::swar {

static_assert(std::endian::native == std::endian::little);

inline constexpr uint64_t kOnes = 0x0101010101010101;
inline constexpr uint64_t kHighs = 0x8080808080808080;

inline uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return word;
}

inline uint64_t Load4(const char* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, 4);
  return word;
}

// Loads up to eight bytes, with zeros above them.
inline uint64_t LoadUpTo8(const char* bytes, size_t size) {
  if (size >= 8) return Load8(bytes);
  if (size >= 4) return Load4(bytes) | Load4(bytes + size - 4) << (8 * (size - 4));
  if (size == 0) return 0;
  const auto at = [&](size_t i) {
    return uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  };
  return at(0) | at(size / 2) | at(size - 1);
}

// Sets the high bit of each byte that equals `c`. Only the lowest such bit is reliable.
inline uint64_t Equal(uint64_t word, char c) {
  const uint64_t difference = word ^ (kOnes * static_cast<unsigned char>(c));
  return (difference - kOnes) & ~difference & kHighs;
}

// Sets the high bit of each byte below `bound`, which is at most 128. Only the lowest such bit is
// reliable.
inline uint64_t Below(uint64_t word, unsigned char bound) {
  return (word - kOnes * bound) & ~word & kHighs;
}

inline size_t FirstByte(uint64_t marks) { return static_cast<size_t>(std::countr_zero(marks)) / 8; }

// Returns the position of the first byte whose high bit `mark(word)` sets, or the text's size.
// `harmless` is a byte that `mark` does not mark.
template <typename Mark>
size_t Find(absl::string_view text, char harmless, Mark mark) {
  const size_t size = text.size();
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    if (const uint64_t marks = mark(Load8(text.data() + i))) return i + FirstByte(marks);
  }
  if (i == size) return size;
  const uint64_t above = ~uint64_t{0} << (8 * (size - i));
  const uint64_t word = LoadUpTo8(text.data() + i, size - i) |
                        (above & (kOnes * static_cast<unsigned char>(harmless)));
  const uint64_t marks = mark(word);
  return marks == 0 ? size : i + FirstByte(marks);
}

// Like Find, for a text after whose end eight more bytes may be read. Needs no harmless byte.
template <typename Mark>
size_t FindPadded(absl::string_view text, Mark mark) {
  for (size_t i = 0; i < text.size(); i += 8) {
    const uint64_t marks = mark(Load8(text.data() + i));
    if (marks != 0) return std::min(i + FirstByte(marks), text.size());
  }
  return text.size();
}

inline bool IsAscii(absl::string_view text) {
  return Find(text, ' ', [](uint64_t word) { return word & kHighs; }) == text.size();
}

// Returns false for an empty text.
inline bool IsDigits(absl::string_view text) {
  constexpr uint64_t kZeros = kOnes * '0';
  const auto digits = [](uint64_t word) {
    const uint64_t highs = kOnes * 0xf0;
    return ((word & highs) == kZeros) && (((word + kOnes * 6) & highs) == kZeros);
  };
  if (text.empty()) return false;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    if (!digits(Load8(text.data()))) return false;
  }
  const uint64_t above = ~uint64_t{0} << (8 * text.size());
  return digits(LoadUpTo8(text.data(), text.size()) | (above & kZeros));
}

}  // namespace gateway::mapping::swar

#endif  // UPSTREAM_MAPPING_SWAR_H_
