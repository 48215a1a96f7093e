// The whole way of an event: the sandbox signs and delivers it, the gateway receives, verifies and
// keeps it, and a consumer is handed it as ParseEvent would show it. Every event of every provider
// that signs its webhooks.
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "upstream/sandbox/server.h"

namespace gateway::end_to_end {
namespace {

using nlohmann::json;
using sandbox::Sandbox;

class EventsSandboxTest : public testing::Test {
 protected:
  // The sandbox has to know where the gateway listens, and the gateway where the sandbox does.
  void Start(const std::string& provider, const std::string& key) {
    const std::string webhooks = absl::StrCat("127.0.0.1:", security::FreePort());
    Sandbox::Options options;
    options.provider = provider;
    options.webhook_urls = {absl::StrCat("http://", webhooks, "/webhooks/", provider)};
    auto sandbox = Sandbox::Start(options);
    ASSERT_TRUE(sandbox.ok()) << sandbox.status();
    sandbox_ = *std::move(sandbox);
    json config = {
        {"listen", "127.0.0.1:0"},
        {"events",
         {{"file", directory_.Path("events/events.db")},
          {"subscriptions", {{"all", json::object()}}}}},
        {"webhooks",
         {{"listen", webhooks},
          {"providers",
           {{provider,
             {{"secrets",
               {{"a", {{"file", directory_.Write("s", options.webhook_secret)}}}}}}}}}}}};
    config["upstreams"][provider] = {
        {"base_url", absl::StrCat("http://127.0.0.1:", sandbox_->port())},
        {"api_key", {{"file", directory_.Write("key", key)}}}};
    if (provider == "paynow") config["upstreams"][provider]["default_store"] = "411486491630370816";
    if (provider == "paymentkit") config["upstreams"][provider]["default_store"] = "acc_sandbox";
    auto parsed = ParseConfig("gateway.json", config.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto gateway = Gateway::Create(*parsed);
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
  }

  RpcAnswer Call(const std::string& method, const json& request) {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request.dump());
  }

  // What the sandbox answers to a form or an object.
  int Post(const std::string& path, const std::string& body, const char* type) {
    const httplib::Result answer =
        httplib::Client("127.0.0.1", sandbox_->port()).Post(path.c_str(), body, type);
    return answer ? answer->status : 0;
  }
  int Pay(const std::string& token, const std::string& action) {
    return Post(absl::StrCat("/pay/", token), absl::StrCat("action=", action),
                "application/x-www-form-urlencoded");
  }

  // Pulls and acknowledges until each of the types came; those that did. Others may come too: what
  // the sandbox does has consequences.
  std::set<std::string> PullUntil(const std::set<std::string>& types) {
    std::set<std::string> came;
    const absl::Time end = absl::Now() + absl::Seconds(60);
    while (absl::Now() < end) {
      bool all = true;
      for (const std::string& type : types) all = all && came.count(type) > 0;
      if (all) break;
      RpcOptions options;
      options.deadline = std::chrono::seconds(2);
      const RpcAnswer pulled =
          CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()),
                  "gateway.events.v1.EventService/Pull", R"({"subscription": "all"})", options);
      if (!pulled.status.ok()) continue;
      json done = {{"subscription", "all"}, {"ack_ids", json::array()}};
      for (const json& event : json::parse(pulled.reply).value("events", json::array())) {
        EXPECT_TRUE(event.contains("event")) << event.dump(1);
        if (event.contains("event")) came.insert(event["event"].value("type", ""));
        done["ack_ids"].push_back(event.value("ack_id", event.value("ackId", "")));
      }
      if (done["ack_ids"].empty()) continue;
      EXPECT_TRUE(Call("gateway.events.v1.EventService/Acknowledge", done).status.ok());
    }
    return came;
  }

  void ExpectAll(const std::set<std::string>& types) {
    const std::set<std::string> came = PullUntil(types);
    for (const std::string& type : types) EXPECT_EQ(came.count(type), 1u) << type;
  }

  const TempDir directory_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(EventsSandboxTest, EveryEventOfPayNow) {
  Start("paynow", "pnapi_v1_sandbox");
  const json published =
      json::parse(std::ifstream(SOURCE_DIR "/tests/end_to_end/testdata/paynow_events.json"));
  std::set<std::string> types;
  for (const auto& [type, body] : published["events"].items()) {
    if (Post("/_sandbox/api/events", json{{"type", type}}.dump(), "application/json") == 202) {
      types.insert(type);
    }
  }
  EXPECT_GE(types.size(), 17u);
  ExpectAll(types);
}

TEST_F(EventsSandboxTest, EveryEventOfConvergeGate) {
  Start("convergegate", "sk_test_sandbox");
  const json session = {{"amount", 1000},
                        {"currency", "pln"},
                        {"customer_email", "ada@example.com"},
                        {"customer_firstname", "Ada"},
                        {"customer_lastname", "Example"},
                        {"payment_method", {"PAYMENT_METHOD_BLIK"}},
                        {"success_url", "https://shop.example/thanks"}};
  for (const char* action : {"pay", "expire"}) {
    const RpcAnswer created =
        Call("convergegate.v1.CheckoutSessionsService/CreateCheckoutSession", {{"body", session}});
    ASSERT_TRUE(created.status.ok()) << created.status.error_message();
    EXPECT_LT(Pay(json::parse(created.reply).value("id", ""), action), 400);
  }
  ExpectAll({"session.created", "session.completed", "session.expired"});
}

TEST_F(EventsSandboxTest, AnEventOfPaymentKit) {
  Start("paymentkit", "sk_live_sandbox");
  const RpcAnswer created =
      Call("paymentkit.v1.CheckoutSessionsService/CreateCheckoutSession",
           {{"body",
             {{"line_items", {{{"price_id", "price_premium"}, {"quantity", 1}}}},
              {"success_url", "https://shop.example/thanks"},
              {"return_url", "https://shop.example/back"}}}});
  ASSERT_TRUE(created.status.ok()) << created.status.error_message();
  const json reply = json::parse(created.reply);
  EXPECT_LT(Pay(reply.value("secure_token", reply.value("secureToken", "")), "pay"), 400);
  ExpectAll({"invoice.paid"});
}

}  // namespace
}  // namespace gateway::end_to_end
