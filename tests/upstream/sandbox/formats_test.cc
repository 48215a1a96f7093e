#include "upstream/sandbox/formats.h"

#include <gtest/gtest.h>

#include <limits>

namespace gateway::sandbox {
namespace {

struct Case {
  const char* format;
  const char* text;
  bool good;
};

TEST(Formats, Table) {
  const Case cases[] = {
      {"flake-id", "411486491630370816", true},
      {"flake-id", "0", true},
      {"flake-id", "9223372036854775807", true},
      {"flake-id", "9223372036854775808", false},
      {"flake-id", "00000000000000000001", false},
      {"flake-id", "", false},
      {"flake-id", "-1", false},
      {"flake-id", "+1", false},
      {"flake-id", " 1", false},
      {"flake-id", "1x", false},
      {"steam-id", "18446744073709551615", true},
      {"steam-id", "18446744073709551616", false},
      {"steam-id", "", false},
      {"date-time", "2025-05-01T12:00:00Z", true},
      {"date-time", "2025-05-01t12:00:00.123456789+05:30", true},
      {"date-time", "2024-02-29T23:59:60Z", true},
      {"date-time", "2025-02-29T00:00:00Z", false},
      {"date-time", "2025-13-01T00:00:00Z", false},
      {"date-time", "2025-05-01T24:00:00Z", false},
      {"date-time", "2025-05-01T12:00:00", false},
      {"date-time", "2025-05-01T12:00:00.Z", false},
      {"date-time", "2025-05-01T12:00:00.1234567890Z", false},
      {"date-time", "2025-05-01 12:00:00Z", false},
      {"date-time", "2025-05-01", false},
      {"date-time", "2025-05-01T12:00:00Zx", false},
      {"period", "P1Y2M3W4DT5H6M7S", true},
      {"period", "PT0.5S", true},
      {"period", "P1D", true},
      {"period", "P", false},
      {"period", "PT", false},
      {"period", "P1", false},
      {"period", "P1D1Y", false},
      {"period", "P1H", false},
      {"period", "P0.5D", false},
      {"period", "PT1S1S", false},
      {"period", "1D", false},
      {"period", "-P1D", false},
      {"unheard-of", "anything", true},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(HasFormat(one.format, one.text), one.good) << one.format << " '" << one.text << "'";
  }
}

TEST(Formats, Money) {
  EXPECT_EQ(MoneyText(1250, "usd"), "$12.50");
  EXPECT_EQ(MoneyText(-5, "usd"), "-$0.05");
  EXPECT_EQ(MoneyText(1000, "eur"), "EUR 10.00");
  EXPECT_EQ(MoneyText(std::numeric_limits<int64_t>::min(), "usd"), "-$92233720368547758.08");
}

}  // namespace
}  // namespace gateway::sandbox
