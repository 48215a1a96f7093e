// How a call's trace and IDs are passed on: from the caller's metadata to the upstream's headers,
// the log and the error.
#include "service/telemetry/call_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::Pair;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kRefundOf34[] = R"({"order_id": "34", "body": {}})";
constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// Returns a header of the n-th request that the upstream received; "" if it is missing.
std::string Header(const ScriptedServer& server, size_t n, absl::string_view name) {
  const std::string head = server.received().at(n).head;
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (absl::ConsumePrefix(&line, absl::StrCat(name, ": "))) return std::string(line);
  }
  return "";
}

std::map<std::string, std::string> ErrorMetadata(const RpcAnswer& answer) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(answer.status.error_details()));
  EXPECT_TRUE(details.details_size() > 0 && details.details(0).UnpackTo(&info));
  return {info.metadata().begin(), info.metadata().end()};
}

class CallTraceTest : public testing::Test {
 protected:
  void Start(const ScriptedServer& server) {
    config_.listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server.Url("");
    upstream.options.default_store = "12";
    upstream.options.retry.base = absl::Milliseconds(1);
    upstream.api_key.file = directory_.Write("key", "secret\n");
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  RpcAnswer Call(const std::string& method, const std::string& request,
                 const RpcMetadata& metadata = {}) {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request,
                   RpcOptions{.metadata = metadata});
  }

  TempDir directory_;
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(CallTraceTest, ContinuesTheCallersTraceUpstream) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  ASSERT_TRUE(Call(kGetOrders, "{}",
                   {{"traceparent", kParent}, {"tracestate", "a=1, b=2"}, {"tracestate", "c=3"}})
                  .status.ok());
  const std::string sent = Header(server, 0, "traceparent");
  EXPECT_THAT(sent, MatchesRegex(absl::StrCat("00-", kTrace, "-[0-9a-f]{16}-01")));
  EXPECT_NE(sent, kParent);  // the gateway's own span
  EXPECT_EQ(Header(server, 0, "tracestate"), "a=1,b=2,c=3");
}

TEST_F(CallTraceTest, KeepsTheDecisionNotToSample) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  ASSERT_TRUE(
      Call(kGetOrders, "{}", {{"traceparent", absl::StrCat("00-", kTrace, "-00f067aa0ba902b7-00")}})
          .status.ok());
  EXPECT_THAT(Header(server, 0, "traceparent"),
              MatchesRegex(absl::StrCat("00-", kTrace, "-[0-9a-f]{16}-00")));
}

TEST_F(CallTraceTest, BeginsATraceWhereTheCallersIsNotValid) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  const std::string zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
  ASSERT_TRUE(Call(kGetOrders, "{}").status.ok());
  ASSERT_TRUE(Call(kGetOrders, "{}", {{"traceparent", zeros}, {"tracestate", "a=1"}}).status.ok());
  ASSERT_TRUE(
      Call(kGetOrders, "{}", {{"traceparent", kParent}, {"traceparent", kParent}}).status.ok());
  std::set<std::string> traces = {kTrace, std::string(32, '0')};
  for (size_t i = 0; i < 3; ++i) {
    const std::string sent = Header(server, i, "traceparent");
    ASSERT_THAT(sent, MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"));
    EXPECT_TRUE(traces.insert(sent.substr(3, 32)).second) << sent;
    EXPECT_EQ(Header(server, i, "tracestate"), "");
  }
}

TEST_F(CallTraceTest, GivesEachAttemptASpanOfItsOwn) {
  ScriptedServer server({{Step::ExecuteAndClose()}, {Step::Reply("[]")}});
  Start(server);
  ASSERT_TRUE(
      Call(kGetOrders, "{}", {{"traceparent", kParent}, {"tracestate", "a=1"}}).status.ok());
  ASSERT_EQ(server.executions(), 2);
  const std::string first = Header(server, 0, "traceparent");
  const std::string second = Header(server, 1, "traceparent");
  EXPECT_EQ(first.substr(0, 36), second.substr(0, 36));
  EXPECT_NE(first, second);
  // Each header occurs exactly once.
  for (const char* name : {"traceparent: ", "tracestate: ", "Authorization: "}) {
    const std::vector<std::string> parts = absl::StrSplit(server.received().at(1).head, name);
    EXPECT_EQ(parts.size(), 2u) << name;
  }
}

TEST_F(CallTraceTest, TellsItsIdsInTheErrorAndInTheLog) {
  ScriptedServer server({{Step::ExecuteAndClose()}});
  Start(server);
  CapturedStderr captured;
  const RpcAnswer answer =
      Call(kRefund, kRefundOf34, {{"traceparent", kParent}, {"x-request-id", "cart-7"}});
  EXPECT_EQ(ErrorMetadata(answer).at("trace_id"), kTrace);
  EXPECT_EQ(ErrorMetadata(answer).at("outcome"), "unknown");
  std::vector<json> lines;
  for (const std::string& line : captured.Lines()) lines.push_back(json::parse(line));
  const auto found = std::find_if(lines.begin(), lines.end(), [](const json& line) {
    return line.value("event", "") == "a write ended with outcome unknown";
  });
  ASSERT_NE(found, lines.end());
  EXPECT_EQ(found->value("trace_id", ""), kTrace);
  EXPECT_EQ(found->value("request_id", ""), "cart-7");
  // The span of the call itself, not of its caller or its attempt.
  const std::string span = found->value("span_id", "");
  EXPECT_THAT(span, MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(span, "00f067aa0ba902b7");
  EXPECT_THAT(Header(server, 0, "traceparent"), Not(HasSubstr(span)));
}

TEST_F(CallTraceTest, TellsItsTraceInEveryKindOfError) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  const RpcMetadata metadata = {{"traceparent", kParent}, {"x-request-id", "cart-7"}};
  const RpcAnswer refused = Call(kRefund, R"({"order_id": ""})", metadata);
  const RpcAnswer webhook =
      Call("gateway.webhooks.v1.WebhookService/ParseEvent", R"({"provider": "nobody"})", metadata);
  for (const RpcAnswer& answer : {refused, webhook}) {
    EXPECT_EQ(ErrorMetadata(answer).at("trace_id"), kTrace);
    EXPECT_THAT(answer.trailers, Contains(Pair("x-request-id", "cart-7")));
  }
}

TEST_F(CallTraceTest, EchoesTheRequestIdOrMakesOne) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  const auto id_of = [&](const RpcMetadata& metadata) {
    const RpcAnswer answer = Call(kGetOrders, "{}", metadata);
    EXPECT_EQ(answer.trailers.count("x-request-id"), 1u);
    return answer.trailers.find("x-request-id")->second;
  };
  EXPECT_EQ(id_of({{"x-request-id", "a!~Z"}}), "a!~Z");
  const std::string longest(128, 'x');
  EXPECT_EQ(id_of({{"x-request-id", longest}}), longest);
  const std::string made = id_of({});
  EXPECT_THAT(made, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(id_of({}), made);
  for (const std::string& bad : {std::string(""), longest + "x", std::string("a b")}) {
    EXPECT_THAT(id_of({{"x-request-id", bad}}), MatchesRegex("[0-9a-f]{32}")) << bad;
  }
  EXPECT_THAT(id_of({{"x-request-id", "a"}, {"x-request-id", "b"}}), MatchesRegex("[0-9a-f]{32}"));
}

}  // namespace
}  // namespace gateway
