// The text formats of the contract: checking them, and writing a time and a sum of money.
//
// Pure functions.
#ifndef UPSTREAM_SANDBOX_FORMATS_H_
#define UPSTREAM_SANDBOX_FORMATS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::sandbox {

// Decimal digits of a non-negative signed 64-bit number.
bool IsFlakeId(absl::string_view text);
// Decimal digits of an unsigned 64-bit number.
bool IsSteamId(absl::string_view text);
// RFC 3339 with a time zone, up to nine fraction digits.
bool IsDateTime(absl::string_view text);
// ISO 8601 duration: P[nY][nM][nW][nD][T[nH][nM][nS]], at least one part; seconds may have a
// fraction.
bool IsPeriod(absl::string_view text);

// Whether `text` is of the format named; a format that is not known accepts everything.
bool HasFormat(absl::string_view format, absl::string_view text);

// "2025-05-01T12:00:00Z"
std::string TimeText(absl::Time time);
// Minor units to text: 1250 usd is "$12.50", 1250 chf is "CHF 12.50".
std::string MoneyText(int64_t minor_units, absl::string_view currency);
// The value of a FlakeId; nullopt for any other text.
std::optional<int64_t> ParseFlakeId(absl::string_view text);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FORMATS_H_
