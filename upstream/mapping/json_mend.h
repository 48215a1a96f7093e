// Repairs JSON text that a strict parser refuses because of the content of a value: half of a
// surrogate pair ("\ud83d"), bytes that are not UTF-8, control characters, escapes that JSON does
// not have, numbers beyond the range of a double and numbers that JSON does not have (NaN, 01).
//
//   if (!Parse(text)) {
//     if (std::optional<MendedJson> mended = MendJson(text)) Parse(mended->text);
//   }
//
// Never changes brackets, commas or the order of values: text that is cut off or has the wrong
// structure is not repaired.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_JSON_MEND_H_
#define UPSTREAM_MAPPING_JSON_MEND_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// Replaces a byte that belongs to no character.
inline constexpr absl::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct MendedJson {
  // Invalid characters are replaced by U+FFFD, control characters by blanks, and the numbers above
  // by strings. The backslash of an escape that JSON does not have is doubled.
  std::string text;
  // The first thing that was changed, in words. Static storage.
  absl::string_view what;
};

// Returns nullopt if nothing had to be changed.
std::optional<MendedJson> MendJson(absl::string_view text);

// The text as UTF-8: each byte that belongs to no character becomes U+FFFD.
std::string MendUtf8(absl::string_view text);

// The text without a byte order mark at its beginning, which RFC 8259, 8.1 lets a reader ignore,
// and without the white space of JSON around it.
absl::string_view JsonContent(absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_MEND_H_
