// Spans as a collector receives them.
#include "service/telemetry/otlp_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace gateway {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;

const Operation kRefund = {"p.v1.OrdersService.RefundOrder",
                           "p.v1.OrdersService",
                           "RefundOrder",
                           mapping::Access::kWrite,
                           "POST",
                           "/v1/stores/{store_id}/orders/{id}"};

CallSpan Refund() {
  CallSpan call;
  call.operation = &kRefund;
  call.context = {{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}, 0x00f067aa0ba902b7, true, "a=\"1\\"};
  call.parent = 1;
  call.begun = absl::FromUnixNanos(1750000000000000001);
  call.ended = absl::FromUnixNanos(1750000000123456789);
  call.code = absl::StatusCode::kUnknown;
  call.outcome = "unknown";
  call.host = "api.example";
  AttemptSpan refused;
  refused.id = 2;
  refused.begun = call.begun;
  refused.ended = call.ended;
  refused.error = "connect";
  AttemptSpan failed = refused;
  failed.id = 3;
  failed.error = "";
  failed.http_status = 503;
  call.attempts = {refused, failed};
  return call;
}

json Spans(const std::vector<CallSpan>& calls) {
  const std::string line = OtlpLine({"1.2.3", "pod-7"}, calls);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return json::parse(line)["resourceSpans"][0]["scopeSpans"][0]["spans"];
}

std::map<std::string, std::string> Attributes(const json& owner) {
  std::map<std::string, std::string> attributes;
  for (const json& attribute : owner["attributes"]) {
    attributes[attribute["key"]] = attribute["value"].dump();
    EXPECT_EQ(attribute.size(), 2u);
  }
  return attributes;
}

TEST(OtlpJsonTest, SaysWhoTells) {
  const json root = json::parse(OtlpLine({"1.2.3", "pod-7"}, {Refund()}));
  ASSERT_EQ(root.size(), 1u);
  ASSERT_EQ(root["resourceSpans"].size(), 1u);
  const json& of_resource = root["resourceSpans"][0];
  EXPECT_THAT(Attributes(of_resource["resource"]),
              ElementsAre(Pair("service.instance.id", R"({"stringValue":"pod-7"})"),
                          Pair("service.name", R"({"stringValue":"billing-gateway"})"),
                          Pair("service.version", R"({"stringValue":"1.2.3"})")));
  EXPECT_EQ(of_resource["scopeSpans"][0]["scope"], json({{"name", "billing-gateway"}}));
}

// OTLP's JSON form: IDs in hexadecimal, enums as numbers, 64-bit integers as strings.
TEST(OtlpJsonTest, WritesTheCallAsAServersSpan) {
  json span = Spans({Refund()}).at(0);
  EXPECT_THAT(Attributes(span),
              ElementsAre(Pair("gateway.outcome", R"({"stringValue":"unknown"})"),
                          Pair("rpc.grpc.status_code", R"({"intValue":"2"})"),
                          Pair("rpc.method", R"({"stringValue":"RefundOrder"})"),
                          Pair("rpc.service", R"({"stringValue":"p.v1.OrdersService"})"),
                          Pair("rpc.system", R"({"stringValue":"grpc"})")));
  span.erase("attributes");
  EXPECT_EQ(span, json::parse(R"({
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
    "parentSpanId": "0000000000000001", "traceState": "a=\"1\\", "flags": 1, "kind": 2,
    "name": "p.v1.OrdersService/RefundOrder",
    "startTimeUnixNano": "1750000000000000001", "endTimeUnixNano": "1750000000123456789",
    "status": {"code": 2}})"));
}

TEST(OtlpJsonTest, WritesEachAttemptAsAClientsSpanBelowIt) {
  const json spans = Spans({Refund()});
  ASSERT_EQ(spans.size(), 3u);
  for (size_t i = 1; i <= 2; ++i) {
    EXPECT_EQ(spans[i]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(spans[i]["spanId"], "000000000000000" + std::to_string(i + 1));
    EXPECT_EQ(spans[i]["parentSpanId"], "00f067aa0ba902b7");
    EXPECT_EQ(spans[i]["kind"], 3);
    EXPECT_EQ(spans[i]["name"], "POST /v1/stores/{store_id}/orders/{id}");
    EXPECT_EQ(spans[i]["status"], json({{"code", 2}}));
  }
  EXPECT_THAT(
      Attributes(spans[1]),
      ElementsAre(Pair("error.type", R"({"stringValue":"connect"})"),
                  Pair("gateway.attempt", R"({"intValue":"1"})"),
                  Pair("http.request.method", R"({"stringValue":"POST"})"),
                  Pair("server.address", R"({"stringValue":"api.example"})"),
                  Pair("url.template", R"({"stringValue":"/v1/stores/{store_id}/orders/{id}"})")));
  const auto second = Attributes(spans[2]);
  EXPECT_EQ(second.at("http.response.status_code"), R"({"intValue":"503"})");
  EXPECT_EQ(second.at("error.type"), R"({"stringValue":"503"})");
  EXPECT_EQ(second.at("gateway.attempt"), R"({"intValue":"2"})");
}

TEST(OtlpJsonTest, WritesWhatTheLedgerDidBelowTheCallToo) {
  CallSpan call = Refund();
  call.attempts.clear();
  call.ledger.push_back({7, absl::FromUnixNanos(1), absl::FromUnixNanos(2), "claim", "replayed"});
  const json spans = Spans({call});
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[1]["name"], "ledger claim");
  EXPECT_EQ(spans[1]["spanId"], "0000000000000007");
  EXPECT_EQ(spans[1]["parentSpanId"], "00f067aa0ba902b7");
  EXPECT_EQ(spans[1]["kind"], 1);
  EXPECT_EQ(spans[1]["startTimeUnixNano"], "1");
  EXPECT_EQ(spans[1]["endTimeUnixNano"], "2");
  EXPECT_THAT(Attributes(spans[1]),
              ElementsAre(Pair("gateway.ledger.said", R"({"stringValue":"replayed"})")));
}

TEST(OtlpJsonTest, LeavesOutWhatIsNotThere) {
  CallSpan call = Refund();
  call.parent = 0;
  call.context.state = "";
  call.context.sampled = false;
  call.code = absl::StatusCode::kOk;
  call.outcome = "ok";
  call.attempts.pop_back();
  call.attempts[0].http_status = 201;
  call.attempts[0].error = "";
  const json spans = Spans({call});
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_FALSE(spans[0].contains("traceState"));
  EXPECT_EQ(spans[0]["flags"], 0);
  EXPECT_EQ(spans[0]["status"], json::object());
  EXPECT_EQ(spans[1]["status"], json::object());
  EXPECT_EQ(Attributes(spans[1]).count("error.type"), 0u);
}

// Mistakes of callers are not errors of the server.
TEST(OtlpJsonTest, CallsAnErrorWhatTheConventionsCallOne) {
  const std::vector<int> errors = {2, 4, 12, 13, 14, 15};
  for (int code = 0; code <= 16; ++code) {
    CallSpan call = Refund();
    call.code = static_cast<absl::StatusCode>(code);
    const bool is_error = std::find(errors.begin(), errors.end(), code) != errors.end();
    EXPECT_EQ(Spans({call})[0]["status"].contains("code"), is_error) << code;
  }
}

TEST(OtlpJsonTest, PutsABatchIntoOneLine) {
  CallSpan other = Refund();
  other.attempts.clear();
  other.host = "\xff";
  EXPECT_EQ(Spans({Refund(), other, Refund()}).size(), 7u);
}

}  // namespace
}  // namespace gateway
