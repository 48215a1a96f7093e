#include "service/events/ack_id.h"

#include <gtest/gtest.h>

namespace gateway::events {
namespace {

constexpr char kSecret[] = "a secret of the log";

TEST(AckIdTest, ComesBackAsItWas) {
  const AckId id{3, 123456789012, 0xfedcba9876543210};
  const std::string text = ToText(id, kSecret, "fulfilment");
  EXPECT_EQ(text.size(), 43u);
  EXPECT_EQ(ParseAckId(text, kSecret, "fulfilment"), id);
}

TEST(AckIdTest, IsOfOneSubscriptionAndOneLog) {
  const std::string text = ToText({1, 2, 3}, kSecret, "fulfilment");
  EXPECT_FALSE(ParseAckId(text, kSecret, "accounting"));
  EXPECT_FALSE(ParseAckId(text, "another secret", "fulfilment"));
}

TEST(AckIdTest, EveryChangedCharacterIsNoticed) {
  const std::string text = ToText({1, 2, 3}, kSecret, "s");
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto parsed = ParseAckId(changed, kSecret, "s");
    // The last base64 character has unused bits, so a change of them may have no effect.
    if (i + 1 == text.size() && parsed == AckId{1, 2, 3}) continue;
    EXPECT_FALSE(parsed) << i;
  }
  EXPECT_FALSE(ParseAckId("", kSecret, "s"));
  EXPECT_FALSE(ParseAckId("no base64!", kSecret, "s"));
}

}  // namespace
}  // namespace gateway::events
