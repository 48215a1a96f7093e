// A gateway that receives webhooks of PayNow and hands them out by EventService, in this process.
//
// Thread-safety: Start belongs to one thread, the rest may be used from any.
#ifndef TESTS_SERVICE_CALL_EVENTS_EVENT_FIXTURE_H_
#define TESTS_SERVICE_CALL_EVENTS_EVENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/gateway.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/delivery.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"

namespace gateway {

inline constexpr char kStore[] = "411486491630370816";
inline constexpr char kOtherStore[] = "411486491630370817";

inline nlohmann::json Refund(const std::string& id, const std::string& store = kStore) {
  return {{"event_type", "ON_REFUND"},
          {"event_id", id},
          {"body", {{"id", "1"}, {"order_id", "7"}, {"store_id", store}, {"amount", 250}}}};
}

class EventCallTest : public testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr char kService[] = "gateway.events.v1.EventService/";
  static constexpr char kSecret[] = "whsec";

  EventCallTest() {
    config_ = {{"listen", "127.0.0.1:0"},
               {"events",
                {{"file", directory_.Path("events/events.db")},
                 {"subscriptions", {{"all", json::object()}}}}},
               {"webhooks",
                {{"listen", "127.0.0.1:0"},
                 {"providers",
                  {{"paynow", {{"secrets", {{"a", {{"file", directory_.Write("s", kSecret)}}}}}}},
                   {"paymentkit", {{"secrets", {{"a", {{"file", directory_.Path("s")}}}}}}}}}}}};
    config_["upstreams"]["paynow"] = {{"base_url", "http://127.0.0.1:1"},
                                      {"api_key", {{"file", directory_.Write("key", "k")}}}};
  }

  json& Subscriptions() { return config_["events"]["subscriptions"]; }

  void Start(const json& rules = nullptr) {
    gateway_ = nullptr;
    if (!rules.is_null()) {
      config_["authorization"]["policy_file"] =
          directory_.Write("policy", json{{"rules", rules}}.dump());
    }
    auto parsed = ParseConfig("gateway.json", config_.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto created = Gateway::Create(*parsed);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  // Sends the event as a signed webhook. Returns whether the receiver answered 204.
  bool Deliver(const json& event) { return DeliverText(event.dump()); }

  bool DeliverText(const std::string& body) {
    return absl::StartsWith(
        security::Exchange(gateway_->webhooks_port(), DeliveryOf(body, kSecret)), "HTTP/1.1 204");
  }

  RpcAnswer Call(const std::string& rpc, const json& request,
                 std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    RpcOptions options;
    options.deadline = deadline;
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), absl::StrCat(kService, rpc),
                   request.dump(), options);
  }

  static json Parse(const RpcAnswer& answer) {
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    return answer.status.ok() ? json::parse(answer.reply) : json();
  }

  json Pull(const std::string& subscription = "all") {
    return Parse(Call("Pull", {{"subscription", subscription}}, std::chrono::milliseconds(500)))
        .value("events", json::array());
  }

  static std::vector<std::string> IdsOf(const json& events) {
    std::vector<std::string> ids;
    for (const json& event : events) {
      ids.push_back(event["event"].value("event_id", event["event"].value("eventId", "")));
    }
    return ids;
  }

  static std::string AckIdOf(const json& event) {
    return event.value("ack_id", event.value("ackId", ""));
  }

  std::string WhyRefused(const std::string& rpc, const json& request) {
    const RpcAnswer answer = Call(rpc, request, std::chrono::milliseconds(500));
    return absl::StrCat(answer.status.error_code(), " ", answer.status.error_message());
  }

  const TempDir directory_;
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_CALL_EVENTS_EVENT_FIXTURE_H_
