// An event about an order makes the gateway look at once at a write of unknown outcome for that
// order.
#include "service/reconcile/event_listener.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway {
namespace {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;

constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kLedger[] = "gateway.ledger.v1.LedgerService/";
constexpr char kSecret[] = "whsec";
constexpr char kStore[] = "411486491630370816";
constexpr char kOrder[] = "411486491630370850";

class EventListenerTest : public testing::Test {
 protected:
  // An upstream that makes a refund and does not answer, and then cannot be read until it recovers.
  void SetUp() override {
    upstream_ = std::make_unique<ScriptedServer>(
        http::Answers{.on_request = [this](const Received& request) {
          if (request.method != "GET") {
            refunded_ = true;
            refunded_at_ = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
            return Step::ExecuteAndClose();
          }
          Step step = !refunded_ ? Step::Reply(R"([{"id": "9", "refunds": []}])")
                      : !recovered_
                          ? Step::Raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                          : Step::Reply(absl::StrCat(
                                R"([{"id": "9", "refunds": [{"id": "51", "status": )",
                                R"("completed", "created_at": ")", refunded_at_, "\"}]}]"));
          step.executes = false;
          return step;
        }});
    json config = {
        {"listen", "127.0.0.1:0"},
        {"ledger", {{"file", directory_.Path("ledger/ledger.db")}}},
        {"events", {{"file", directory_.Path("events/events.db")}}},
        {"webhooks",
         {{"listen", "127.0.0.1:0"},
          {"providers",
           {{"paynow", {{"secrets", {{"a", {{"file", directory_.Write("s", kSecret)}}}}}}}}}}}};
    config["upstreams"]["paynow"] = {{"base_url", upstream_->Url("")},
                                     {"api_key", {{"file", directory_.Write("key", "k")}}}};
    auto parsed = ParseConfig("gateway.json", config.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto created = Gateway::Create(*parsed);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  RpcAnswer Call(const std::string& method, const json& request, const std::string& key = "") {
    RpcOptions options;
    if (!key.empty()) options.metadata.emplace("idempotency-key", key);
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request.dump(), options);
  }

  RpcAnswer Refund() {
    return Call(kRefund, {{"store_id", kStore}, {"order_id", kOrder}, {"body", json::object()}},
                "once");
  }

  bool Deliver(const std::string& order) {
    const std::string body =
        json{{"event_type", "ON_REFUND"},
             {"event_id", order},
             {"body", {{"id", "51"}, {"order_id", order}, {"store_id", kStore}}}}
            .dump();
    const std::string timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
    const std::string signature =
        webhooks::Base64Text(webhooks::Hmac(kSecret, absl::StrCat(timestamp, ".", body)));
    return absl::StartsWith(
        security::Exchange(
            gateway_->webhooks_port(),
            absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                         "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ", signature,
                         "\r\nContent-Length: ", body.size(), "\r\n\r\n", body)),
        "HTTP/1.1 204");
  }

  std::string StateOf(const std::string& entry) {
    const RpcAnswer answer = Call(absl::StrCat(kLedger, "GetEntry"), {{"id", entry}});
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    return answer.status.ok() ? json::parse(answer.reply).value("state", "") : "";
  }

  const TempDir directory_;
  std::atomic<bool> refunded_{false};
  std::atomic<bool> recovered_{false};
  std::string refunded_at_;  // read only after recovered_ is set
  std::unique_ptr<ScriptedServer> upstream_;
  std::unique_ptr<Gateway> gateway_;
};

// Each look that fails doubles the pause. After ten looks the next one is an hour away, the most
// that the ledger allows. So only the event can settle the entry.
TEST_F(EventListenerTest, AnEventSettlesAWriteOfUnknownOutcome) {
  RpcAnswer answer = Refund();
  const auto trailer = answer.trailers.find("gateway-ledger-entry");
  ASSERT_NE(trailer, answer.trailers.end()) << answer.status.error_message();
  const std::string entry = trailer->second;
  for (int look = 0; look < 10; ++look) {
    EXPECT_EQ(Refund().status.error_code(), grpc::UNKNOWN);
  }
  EXPECT_EQ(StateOf(entry), "STATE_UNKNOWN");
  recovered_ = true;
  ASSERT_TRUE(Deliver("411486491630370851"));
  ASSERT_TRUE(Deliver(kOrder));
  std::string state = "STATE_UNKNOWN";
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (state == "STATE_UNKNOWN" && SteadyTime::Now() < end) state = StateOf(entry);
  EXPECT_EQ(state, "STATE_DONE");
  answer = Refund();
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(upstream_->executions(), 1);
}

}  // namespace
}  // namespace gateway
