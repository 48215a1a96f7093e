// The text formats of the contract: checks for them, and text for times and amounts of money.
//
// Pure functions.
#ifndef UPSTREAM_SANDBOX_FORMATS_H_
#define UPSTREAM_SANDBOX_FORMATS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::sandbox {

// Whether the text is the decimal digits of a non-negative signed 64-bit number.
bool IsFlakeId(absl::string_view text);
// Whether the text is the decimal digits of an unsigned 64-bit number.
bool IsSteamId(absl::string_view text);
// Whether the text is an RFC 3339 time with a time zone and at most nine fraction digits.
bool IsDateTime(absl::string_view text);
// Whether the text is an ISO 8601 duration: P[nY][nM][nW][nD][T[nH][nM][nS]], at least one part.
// Seconds may have a fraction.
bool IsPeriod(absl::string_view text);

// Whether `text` has the named format. An unknown format accepts every text.
bool HasFormat(absl::string_view format, absl::string_view text);

// How many characters a UTF-8 text has: its bytes that begin a character.
size_t CharactersIn(absl::string_view text);
// The first characters of a UTF-8 text, or all of it if it has no more.
absl::string_view FirstCharacters(absl::string_view text, size_t most);

// "2025-05-01T12:00:00Z"
std::string TimeText(absl::Time time);
// Formats minor units: 1250 usd is "$12.50", 1250 chf is "CHF 12.50".
std::string MoneyText(int64_t minor_units, absl::string_view currency);
// The value of a FlakeId; nullopt for any other text.
std::optional<int64_t> ParseFlakeId(absl::string_view text);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FORMATS_H_
