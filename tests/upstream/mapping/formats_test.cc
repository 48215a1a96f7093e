#include "upstream/mapping/formats.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/time/time.h"

namespace gateway::mapping {
namespace {

TEST(FlakeId, IsASigned64BitNumberInDigits) {
  for (const char* good : {"0", "1", "411486491630370816", "9223372036854775807", "007"}) {
    EXPECT_TRUE(IsFlakeId(good)) << good;
  }
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "9223372036854775808",
                          "18446744073709551615", "00000000000000000001", "\xd9\xa1", "1\n"}) {
    EXPECT_FALSE(IsFlakeId(bad)) << bad;
  }
  EXPECT_FALSE(IsFlakeId(absl::string_view("1\0", 2)));
}

TEST(SteamId, IsAnUnsigned64BitNumberInDigits) {
  for (const char* good : {"0", "76561197960287930", "18446744073709551615"}) {
    EXPECT_TRUE(IsSteamId(good)) << good;
  }
  for (const char* bad : {"", "-1", "+1", "18446744073709551616", "99999999999999999999",
                          "000000000000000000001", "STEAM_0:0:1"}) {
    EXPECT_FALSE(IsSteamId(bad)) << bad;
  }
}

TEST(Iso8601Duration, KeepsToTheGrammar) {
  for (const char* good : {"P1Y", "P1M", "P2W", "P1D", "PT12H", "PT1M", "PT1S", "P1Y2M3W4DT5H6M7S",
                           "P0D", "PT0.5S", "PT0,5S", "P0.5Y", "P1DT0.25H", "P10000D"}) {
    EXPECT_TRUE(IsIso8601Duration(good)) << good;
  }
  for (const char* bad :
       {"",       "P",         "PT",   "P1",     "P1DT",    "PT1",      "1D",    "p1d",
        "P-1D",   "+P1D",      "-P1D", "P1H",    "PT1D",    "P1D1Y",    "P1Y1Y", "P1M1W1M",
        "PT1S1M", "P0.5Y1M",   "P1.D", "P.5D",   "P1.5.5D", "PT1.5H1M", "P1D ",  " P1D",
        "P1D\n",  "P1DT1HT1M", "P1S",  "P1..5D", "P 1D"}) {
    EXPECT_FALSE(IsIso8601Duration(bad)) << bad;
  }
}

struct TimeCase {
  const char* text;
  const char* utc;  // as written back; "" if the text is refused
};

std::string Written(const Instant& instant) {
  char buffer[kMaxRfc3339];
  return {buffer, WriteRfc3339(instant, buffer)};
}

std::string Back(absl::string_view text) {
  const std::optional<Instant> instant = ParseRfc3339(text);
  return instant ? Written(*instant) : "";
}

TEST(Rfc3339, ReadsAndWritesBack) {
  constexpr TimeCase kCases[] = {
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z"},
      {"2024-02-29t12:34:56z", "2024-02-29T12:34:56Z"},
      {"2024-02-29 12:34:56Z", "2024-02-29T12:34:56Z"},
      {"2024-01-01T00:00:00+02:00", "2023-12-31T22:00:00Z"},
      {"2024-01-01T00:00:00-00:30", "2024-01-01T00:30:00Z"},
      {"2024-01-01T00:00:00+23:59", "2023-12-31T00:01:00Z"},
      {"2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"},
      // Fractions: kept to the nanosecond, written with 3, 6 or 9 digits.
      {"2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00.100Z"},
      {"2024-01-01T00:00:00.1234567Z", "2024-01-01T00:00:00.123456700Z"},
      {"2024-01-01T00:00:00.000001Z", "2024-01-01T00:00:00.000001Z"},
      {"2024-01-01T00:00:00.999999999Z", "2024-01-01T00:00:00.999999999Z"},
      {"2024-01-01T00:00:00.1234567890000Z", "2024-01-01T00:00:00.123456789Z"},
      {"2024-01-01T00:00:00.0000000001Z", ""},  // no digit may be lost by rounding
      {"2024-01-01T00:00:00.Z", ""},
      // The first and last instants, in UTC.
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"0001-01-01T00:00:00+00:01", ""},
      {"0000-12-31T23:59:00-00:01", "0001-01-01T00:00:00Z"},
      {"0000-01-01T00:00:00Z", ""},
      {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"},
      {"9999-12-31T23:59:59-00:01", ""},
      // Before 1970, nanos still count forward.
      {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
      {"1969-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.000000001Z"},
      {"1900-02-28T00:00:00Z", "1900-02-28T00:00:00Z"},
      // A leap second is read as the first second of the next minute.
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
      {"9999-12-31T23:59:60Z", ""},
      {"2016-12-31T23:59:61Z", ""},
      // Nonexistent days, hours and offsets.
      {"1900-02-29T00:00:00Z", ""},
      {"2023-02-29T00:00:00Z", ""},
      {"2024-00-01T00:00:00Z", ""},
      {"2024-13-01T00:00:00Z", ""},
      {"2024-01-00T00:00:00Z", ""},
      {"2024-04-31T00:00:00Z", ""},
      {"2024-01-01T24:00:00Z", ""},
      {"2024-01-01T00:60:00Z", ""},
      {"2024-01-01T00:00:00+24:00", ""},
      {"2024-01-01T00:00:00+00:60", ""},
      // Not RFC 3339.
      {"", ""},
      {"2024-01-01", ""},
      {"2024-01-01T00:00:00", ""},
      {"2024-01-01T00:00Z", ""},
      {"2024-1-1T00:00:00Z", ""},
      {"24-01-01T00:00:00Z", ""},
      {"+2024-01-01T00:00:00Z", ""},
      {"-001-01-01T00:00:00Z", ""},
      {"12024-01-01T00:00:00Z", ""},
      {"2024-01-01T00:00:00+0200", ""},
      {"2024-01-01T00:00:00+02", ""},
      {"2024-01-01T00:00:00 Z", ""},
      {"2024-01-01T00:00:00ZZ", ""},
      {"2024-01-01T00:00:00,5Z", ""},
      {" 2024-01-01T00:00:00Z", ""},
      {"1704067200", ""},
  };
  for (const TimeCase& c : kCases) EXPECT_EQ(Back(c.text), c.utc) << c.text;
}

TEST(Rfc3339, AgreesWithAbseilFromYear1To9999) {
  for (int64_t seconds = -62135596800; seconds <= 253402300799; seconds += 86400 * 97 + 12345) {
    const std::string out = Written({seconds, 0});
    EXPECT_EQ(out, absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                                    absl::UTCTimeZone()));
    const std::optional<Instant> back = ParseRfc3339(out);
    ASSERT_TRUE(back) << out;
    EXPECT_EQ(back->seconds, seconds);
  }
}

TEST(Rfc3339, KnowsWhatATimestampCannotBe) {
  EXPECT_TRUE(IsValid({-62135596800, 0}));
  EXPECT_TRUE(IsValid({253402300799, 999'999'999}));
  EXPECT_FALSE(IsValid({-62135596801, 999'999'999}));
  EXPECT_FALSE(IsValid({253402300800, 0}));
  EXPECT_FALSE(IsValid({0, -1}));
  EXPECT_FALSE(IsValid({0, 1'000'000'000}));
  EXPECT_FALSE(IsValid({std::numeric_limits<int64_t>::min(), 0}));
  EXPECT_FALSE(IsValid({std::numeric_limits<int64_t>::max(), 0}));
}

TEST(PercentEncoding, LeavesOnlyUnreservedCharacters) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  std::string out;
  AppendPercentEncoded(all, out);
  size_t plain = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '%') {
      i += 2;
      continue;
    }
    ++plain;
    EXPECT_TRUE(isalnum(static_cast<unsigned char>(out[i])) ||
                std::string("-._~").find(out[i]) != std::string::npos)
        << out[i];
  }
  EXPECT_EQ(plain, 66u);
  EXPECT_EQ(out.size(), plain + 3 * (256 - plain));

  std::string text;
  AppendPercentEncoded("a/b?c=%2F&\xf0\x9f\x8d\x8b\"", text);
  EXPECT_EQ(text, "a%2Fb%3Fc%3D%252F%26%F0%9F%8D%8B%22");
}

TEST(Utf8, IsChecked) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8(absl::string_view("a\0b", 3)));
  EXPECT_TRUE(IsUtf8("\xf0\x9f\x8d\x8b"));
  EXPECT_FALSE(IsUtf8("\xf0\x9f\x8d"));
  EXPECT_FALSE(IsUtf8("\xc0\x80"));          // overlong
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // a surrogate
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsUtf8("\xff"));
}

TEST(Utf8, IsCutBetweenCharacters) {
  const std::string lemon = "a\xf0\x9f\x8d\x8bz";
  for (const size_t limit : {1, 2, 3, 4}) EXPECT_EQ(Utf8Prefix(lemon, limit), "a") << limit;
  EXPECT_EQ(Utf8Prefix(lemon, 0), "");
  EXPECT_EQ(Utf8Prefix(lemon, 5), "a\xf0\x9f\x8d\x8b");
  EXPECT_EQ(Utf8Prefix(lemon, 6), lemon);
  EXPECT_EQ(Utf8Prefix(lemon, 1000), lemon);
  EXPECT_EQ(Utf8Prefix("\x8b\x8b\x8b", 2), "");
}

}  // namespace
}  // namespace gateway::mapping
