// Text forms of scalar values: checks for requests, conversions for both ways. Pure functions, no
// allocation except in the Append* ones.
#ifndef UPSTREAM_MAPPING_FORMATS_H_
#define UPSTREAM_MAPPING_FORMATS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::mapping {

// A 64-bit signed id as decimal digits, no sign: "411486491630370816".
bool IsFlakeId(absl::string_view text);

// A 64-bit unsigned id as decimal digits: "76561197960287930".
bool IsSteamId(absl::string_view text);

// ISO 8601 duration: P[nY][nM][nW][nD][T[nH][nM][nS]], at least one part, a fraction only in the
// last one.
bool IsIso8601Duration(absl::string_view text);

// A point in time as google.protobuf.Timestamp keeps it: nanos count forward, also before 1970.
struct Instant {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// Years 1 to 9999, nanos 0 to 999,999,999: what RFC 3339 and google.protobuf.Timestamp have in
// common.
bool IsValid(const Instant& instant);

// RFC 3339 with any offset and up to 9 fraction digits (further ones must be zero: nothing is
// rounded away).
std::optional<Instant> ParseRfc3339(absl::string_view text);

// Writes the time in UTC ("Z"), with 0, 3, 6 or 9 fraction digits. Requires IsValid(instant), and
// room for kMaxRfc3339; returns the text's end.
inline constexpr size_t kMaxRfc3339 = 30;
char* WriteRfc3339(const Instant& instant, char* buffer);

// Writes the shortest text that reads back as this number, which must be finite. A whole number up
// to 2^53 has no exponent: `1e+05` is shorter than `100000`, but readers of integers refuse it.
// `buffer` has room for kMaxDouble; returns the text's end.
inline constexpr size_t kMaxDouble = 32;
char* WriteDouble(double number, char* buffer);

// Reads a whole number in the decimal notation of JSON, in any spelling: "10", "10.0", "1e16". The
// digits are shifted as text, so that none is lost. `text` must be a number of JSON.
enum class WholeNumber { kGood, kFraction, kOutOfRange };
WholeNumber ParseWholeNumber(absl::string_view text, int64_t& number);

// Appends the text with all but RFC 3986's unreserved characters as %XX: safe in a path segment and
// in a query.
void AppendPercentEncoded(absl::string_view text, std::string& out);

bool IsUtf8(absl::string_view text);

// Counts the characters of valid UTF-8.
size_t CountCharacters(absl::string_view text);

// At most `limit` bytes of a UTF-8 text, cut between characters.
absl::string_view Utf8Prefix(absl::string_view text, size_t limit);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FORMATS_H_
