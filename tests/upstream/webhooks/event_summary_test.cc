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

TEST(EventSummaryTest, SaysWhatTheApiShowsToo) {
  const Summary order =
      Of("paynow", R"({"event_type": "ON_ORDER_COMPLETED", "body": {"id": "2"}})");
  EXPECT_EQ(order.fact_type, "ON_ORDER_COMPLETED");
  EXPECT_EQ(order.fact_id, "2");
  const Summary refund =
      Of("paynow", R"({"event_type": "ON_REFUND", "body": {"id": 1, "order_id": "2"}})");
  EXPECT_EQ(refund.fact_type, "ON_REFUND");
  EXPECT_EQ(refund.fact_id, "1") << "the refund, not the order";
  const Summary other = Of("paynow", R"({"event_type": "ON_CHARGEBACK", "body": {"id": "1"}})");
  EXPECT_EQ(other.fact_type, "");
  EXPECT_EQ(other.fact_id, "");
  EXPECT_EQ(Of("paynow", R"({"event_type": "ON_REFUND", "body": {}})").fact_type, "");
}

TEST(EventSummaryTest, WhatIsOddIsLeftOut) {
  const Summary odd = Of("paynow", R"({"event_type": ["a"], "event_id": {"b": 1}, "body": []})");
  EXPECT_EQ(odd.id, "");
  EXPECT_EQ(odd.type, "");
  EXPECT_EQ(odd.store, "");
  EXPECT_EQ(odd.resource, "");
}

// Every event that the event reader can read has a type here too, and so reaches its subscribers.
TEST(EventSummaryTest, MendsWhatTheReaderMends) {
  for (const char* const body :
       {"\xef\xbb\xbf{\"event_type\": \"ON_REFUND\", \"event_id\": \"7\"}",
        R"({"event_type": "ON_REFUND", "event_id": "7", "body": {"name": "Ada \ud83d"}})",
        R"({"event_type": "ON_REFUND", "event_id": "7", "x": 1e400})",
        R"({"event_type": "ON_REFUND", "event_id": "7", "x": NaN})",
        "{\"event_type\": \"ON_REFUND\", \"event_id\": \"7\", \"x\": \"caf\xe9\"}"}) {
    const Summary summary = Of("paynow", body);
    EXPECT_EQ(summary.type, "ON_REFUND") << body;
    EXPECT_EQ(summary.id, "7") << body;
  }
  EXPECT_EQ(Of("paynow", R"({"event_type": "ON_REFUND", "event_id": "\ud83d"})").id, "");
}

TEST(EventSummaryTest, ABodyThatIsNoObjectHasNone) {
  for (const char* body : {"", "[]", "7", "{\"a\":", "no JSON", "\xff\xfe"}) {
    EXPECT_FALSE(Summarize(SchemeOf("paynow"), body)) << body;
  }
}

}  // namespace
}  // namespace gateway::webhooks
