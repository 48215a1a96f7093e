#include "upstream/webhooks/event_summary.h"

#include <gtest/gtest.h>

#include "tests/upstream/webhooks/message.h"

namespace gateway::webhooks {
namespace {

Summary Of(const char* provider, absl::string_view body) {
  const auto summary = Summarize(SchemeOf(provider), body);
  EXPECT_TRUE(summary) << body;
  return summary.value_or(Summary());
}

TEST(EventSummaryTest, FindsWhatEachProviderSays) {
  const Summary refund = Of("paynow", R"({"event_type": "ON_REFUND", "event_id": "7",
      "body": {"id": "1", "order_id": "2", "store_id": 411486491630370816}})");
  EXPECT_EQ(refund.id, "7");
  EXPECT_EQ(refund.type, "ON_REFUND");
  EXPECT_EQ(refund.store, "411486491630370816");
  EXPECT_EQ(refund.resource, "2") << "the order, not the refund";
  const Summary order = Of("paynow", R"({"event_type": "ON_ORDER_COMPLETED", "event_id": 7,
      "body": {"id": "2", "subscription_id": "3"}})");
  EXPECT_EQ(order.id, "7");
  EXPECT_EQ(order.resource, "2");
  const Summary session = Of("convergegate", R"({"id": "e", "type": "session.created",
      "data": {"session_id": "s"}})");
  EXPECT_EQ(session.id, "e");
  EXPECT_EQ(session.resource, "s");
  EXPECT_EQ(session.store, "");
  const Summary invoice =
      Of("paymentkit", R"({"id": "e", "type": "invoice.paid", "data": {"object": {"id": "i"}}})");
  EXPECT_EQ(invoice.type, "invoice.paid");
  EXPECT_EQ(invoice.resource, "i");
}

TEST(EventSummaryTest, WhatIsOddIsLeftOut) {
  const Summary odd = Of("paynow", R"({"event_type": ["a"], "event_id": {"b": 1}, "body": []})");
  EXPECT_EQ(odd.id, "");
  EXPECT_EQ(odd.type, "");
  EXPECT_EQ(odd.store, "");
  EXPECT_EQ(odd.resource, "");
}

TEST(EventSummaryTest, ABodyThatIsNoObjectHasNone) {
  for (const char* body : {"", "[]", "7", "{\"a\":", "no JSON", "\xff\xfe"}) {
    EXPECT_FALSE(Summarize(SchemeOf("paynow"), body)) << body;
  }
}

}  // namespace
}  // namespace gateway::webhooks
