// The sandbox's webhooks go through a relay that swallows some of them. The sweep finds each event
// that was swallowed, and reports no other event. After a restart, the sweep reports none of them
// again.
//
// SWEEP_SUPPRESSED: number of events to swallow, an even number (default 100). As many again
// arrive.
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/end_to_end/support/number_from.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/server.h"

namespace gateway::end_to_end {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using sandbox::Sandbox;

constexpr char kStore[] = "411486491630370816";
constexpr char kCompleted[] = "ON_ORDER_COMPLETED";
constexpr char kRefund[] = "ON_REFUND";
constexpr absl::Duration kPatience = absl::Minutes(3);

// Swallows every second ON_ORDER_COMPLETED and every second ON_REFUND. Passes on all other events.
// Answers 2xx to all.
class Relay {
 public:
  explicit Relay(int webhooks_port)
      : webhooks_port_(webhooks_port),
        server_({.on_request = [this](const http::Received& request) {
          Take(request);
          return Step::Reply("");
        }}) {}

  std::string Url() const { return server_.Url("/webhooks/paynow"); }
  // Returns the ids of the orders and refunds whose events were swallowed, by type of event.
  std::map<std::string, std::set<std::string>> swallowed() const {
    const MutexLock lock(mutex_);
    return swallowed_;
  }
  // Returns the ids that all events of this type were about, swallowed or passed on. An event is
  // listed only after it has been passed on.
  std::vector<std::string> seen(const std::string& type) const {
    const MutexLock lock(mutex_);
    const auto found = seen_.find(type);
    return found == seen_.end() ? std::vector<std::string>() : found->second;
  }
  // Returns the last event that was swallowed.
  http::Received late() const {
    const MutexLock lock(mutex_);
    return late_;
  }
  int PassOn(const http::Received& request) const {
    const std::string answer = security::Exchange(
        webhooks_port_,
        absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                     "PayNow-Timestamp: ", request.Header("paynow-timestamp"),
                     "\r\nPayNow-Signature: ", request.Header("paynow-signature"),
                     "\r\nContent-Length: ", request.body.size(), "\r\n\r\n", request.body));
    return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
  }

 private:
  void Take(const http::Received& request) {
    const json event = json::parse(request.body);
    const std::string type = event["event_type"];
    if (type != kCompleted && type != kRefund) {
      EXPECT_EQ(PassOn(request), 204);
      return;
    }
    const std::string id = event["body"]["id"];
    bool swallowed = false;
    {
      const MutexLock lock(mutex_);
      swallowed = ++begun_[type] % 2 == 0;
    }
    if (!swallowed) {
      EXPECT_EQ(PassOn(request), 204);
    }
    const MutexLock lock(mutex_);
    seen_[type].push_back(id);
    if (!swallowed) return;
    swallowed_[type].insert(id);
    late_ = request;
  }

  const int webhooks_port_;
  mutable Mutex mutex_;
  std::map<std::string, int> begun_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<std::string>> seen_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::set<std::string>> swallowed_ ABSL_GUARDED_BY(mutex_);
  http::Received late_ ABSL_GUARDED_BY(mutex_);
  ScriptedServer server_;  // last: the server uses the other members
};

class EventsSweepTest : public testing::Test {
 protected:
  void StartSandbox() {
    const int webhooks_port = security::FreePort();
    relay_ = std::make_unique<Relay>(webhooks_port);
    Sandbox::Options options;
    options.provider = "paynow";
    options.webhook_urls = {relay_->Url()};
    auto sandbox = Sandbox::Start(options);
    ASSERT_TRUE(sandbox.ok()) << sandbox.status();
    sandbox_ = *std::move(sandbox);
    config_ = {{"listen", "127.0.0.1:0"},
               {"events",
                {{"file", directory_.Path("events/events.db")},
                 {"subscriptions", {{"all", json::object()}}}}},
               {"webhooks",
                {{"listen", absl::StrCat("127.0.0.1:", webhooks_port)},
                 {"providers",
                  {{"paynow",
                    {{"secrets",
                      {{"a", {{"file", directory_.Write("s", options.webhook_secret)}}}}}}}}}}}};
    config_["upstreams"]["paynow"] = {
        {"base_url", absl::StrCat("http://127.0.0.1:", sandbox_->port())},
        {"default_store", kStore},
        {"api_key", {{"file", directory_.Write("key", sandbox::kSandboxApiKey)}}}};
  }

  void StartGateway() {
    auto parsed = ParseConfig("gateway.json", config_.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto gateway = Gateway::Create(*parsed);
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
  }

  json Call(const std::string& method, const json& request) {
    const RpcAnswer answer =
        CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request.dump());
    EXPECT_TRUE(answer.status.ok()) << method << ": " << answer.status.error_message();
    return answer.status.ok() ? json::parse(answer.reply) : json::object();
  }

  void StopGateway() { gateway_.reset(); }

  void SwitchSweepOn() {
    config_["events"]["sweep"]["paynow"] = {{"stores", {kStore}},
                                            {"every", "200ms"},
                                            {"settle", "1s"},
                                            {"look_back", "1h"},
                                            {"pages_per_minute", 6000}};
  }

  // Returns the number of complete reads of a list since the gateway started.
  int Sweeps() const {
    const std::string text = gateway_->MetricsText();
    const std::string name = R"(gateway_sweep_lists_total{upstream="paynow",result="whole"} )";
    const size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + name.size());
  }
  // Waits until both lists, of orders and of refunds, have been read completely by reads that began
  // after this call.
  void AwaitSweeps() const {
    const int until = Sweeps() + 4;  // two reads of two lists: a read may be under way now
    const absl::Time end = absl::Now() + kPatience;
    while (Sweeps() < until && absl::Now() < end) absl::SleepFor(absl::Milliseconds(20));
    EXPECT_GE(Sweeps(), until);
  }

  // Buys a product: creates a checkout and pays for it.
  void Buy() {
    const json session =
        Call("paynow.management.v1.CheckoutService/CreateCheckoutSession",
             {{"body",
               {{"customer_id", "411486491630370817"},
                {"return_url", "https://shop.example/thanks"},
                {"lines", {{{"product_id", "411486491630370818"}, {"quantity", 1}}}}}}});
    const auto paid = httplib::Client("127.0.0.1", sandbox_->port())
                          .Post(absl::StrCat("/pay/", session.value("token", "")).c_str(),
                                "action=pay", "application/x-www-form-urlencoded");
    ASSERT_TRUE(paid && paid->status < 400);
  }

  void Refund(const std::string& order) {
    Call("paynow.management.v1.OrdersService/RefundOrder",
         {{"order_id", order}, {"body", json::object()}});
  }

  // Waits until the relay has seen `count` events of the type.
  void AwaitSeen(const std::string& type, size_t count) const {
    const absl::Time end = absl::Now() + kPatience;
    while (relay_->seen(type).size() < count && absl::Now() < end) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    ASSERT_EQ(relay_->seen(type).size(), count) << type;
  }

  // The ids that the pulled events were about, by type of event: from a sweep, or from a delivery.
  struct Told {
    std::map<std::string, std::multiset<std::string>> swept;
    std::map<std::string, std::multiset<std::string>> delivered;
  };
  // Pulls once, for `patience` at most, and acknowledges.
  void Pull(Told& told, std::chrono::milliseconds patience) {
    RpcOptions options;
    options.deadline = patience;
    const RpcAnswer pulled =
        CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), "gateway.events.v1.EventService/Pull",
                R"({"subscription": "all"})", options);
    if (!pulled.status.ok()) return;
    json done = {{"subscription", "all"}, {"ack_ids", json::array()}};
    for (const json& event : json::parse(pulled.reply).value("events", json::array())) {
      Sort(event, told);
      done["ack_ids"].push_back(event.value("ack_id", event.value("ackId", "")));
    }
    if (!done["ack_ids"].empty()) Call("gateway.events.v1.EventService/Acknowledge", done);
  }
  static void Sort(const json& event, Told& told) {
    ASSERT_TRUE(event.contains("event")) << event;
    const std::string type = event.at("event").value("type", "");
    if (event.value("origin", "") == "SWEEP") {
      EXPECT_EQ(event.at("event").value("provider", ""), "paynow");
      EXPECT_TRUE(event.at("event").contains("time"));
      told.swept[type].insert(event.at("object").value("id", ""));
      return;
    }
    const char* const body = type == kRefund ? "refund" : "order";
    if (event.at("event").contains(body)) {
      told.delivered[type].insert(event.at("event").at(body).value("id", ""));
    }
  }

  const TempDir directory_;
  json config_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<Gateway> gateway_;
};

template <typename Ids>
size_t Count(const std::map<std::string, Ids>& by_type) {
  size_t count = 0;
  for (const auto& [type, ids] : by_type) count += ids.size();
  return count;
}

TEST_F(EventsSweepTest, FindsEachThatWasSwallowedAndInventsNone) {
  const auto suppressed = static_cast<size_t>(NumberFrom("SWEEP_SUPPRESSED", 100));
  const absl::Time begun = absl::Now();
  StartSandbox();
  ASSERT_FALSE(HasFatalFailure());
  StartGateway();
  ASSERT_FALSE(HasFatalFailure());
  // Half of the events of orders are swallowed, and half of those of refunds. The test waits for
  // each event, because the sandbox forgets deliveries beyond its 500 newest.
  for (size_t i = 1; i <= suppressed && !HasFailure(); ++i) {
    Buy();
    AwaitSeen(kCompleted, i);
  }
  const std::vector<std::string> orders = relay_->seen(kCompleted);
  for (size_t i = 1; i <= orders.size() && !HasFailure(); ++i) {
    Refund(orders[i - 1]);
    AwaitSeen(kRefund, i);
  }
  if (HasFailure()) return;

  // No webhook is under way any more, so the sweep cannot find an event that is still being
  // delivered.
  StopGateway();
  SwitchSweepOn();
  StartGateway();
  ASSERT_FALSE(HasFatalFailure());
  Told told;
  const absl::Time end = absl::Now() + kPatience;
  while (Count(told.swept) < suppressed && absl::Now() < end) Pull(told, std::chrono::seconds(2));
  // A swallowed webhook arrives late. The consumer has this event from the sweep already.
  EXPECT_EQ(relay_->PassOn(relay_->late()), 204);
  // If a sweep reported other events, it would do so in the next sweeps, now or after a restart.
  AwaitSweeps();
  Pull(told, std::chrono::seconds(1));
  StopGateway();
  StartGateway();
  ASSERT_FALSE(HasFatalFailure());
  AwaitSweeps();
  Pull(told, std::chrono::seconds(1));

  const auto swallowed = relay_->swallowed();
  std::cout << Count(swallowed) << " events swallowed, " << Count(told.swept)
            << " found; delivered: " << told.delivered[kCompleted].size() << " orders, "
            << told.delivered[kRefund].size() << " refunds, " << absl::Now() - begun << "\n";
  EXPECT_EQ(Count(swallowed), suppressed);
  for (const char* const type : {kCompleted, kRefund}) {
    EXPECT_EQ(told.delivered[type].size(), suppressed / 2) << type;
    EXPECT_EQ(std::set<std::string>(told.swept[type].begin(), told.swept[type].end()),
              swallowed.at(type))
        << type;
    EXPECT_EQ(told.swept[type].size(), swallowed.at(type).size()) << type << " found twice";
  }
}

}  // namespace
}  // namespace gateway::end_to_end
