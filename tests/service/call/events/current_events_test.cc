// Requests with `with_current`: each event comes with its resource, read anew from the upstream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/service/call/events/event_fixture.h"
#include "tests/service/event_stream.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPull[] = "gateway.events.v1.EventService/Pull";
constexpr char kGetOrder[] = "paynow.management.v1.OrdersService/GetOrderById";

class CurrentEventsTest : public EventCallTest {
 protected:
  CurrentEventsTest() {
    config_["upstreams"]["paynow"]["base_url"] = upstream_.Url("");
    config_["upstreams"]["paynow"]["retry"] = {{"max_attempts", 1}};
  }

  static Step Order(const Received& request) {
    const std::string id = request.target.substr(request.target.rfind('/') + 1);
    return Step::Reply(json{{"id", id}, {"status", "refunded"}}.dump());
  }

  json PullWithCurrent(std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    return Parse(Call("Pull", {{"subscription", "all"}, {"with_current", true}}, deadline))
        .value("events", json::array());
  }

  static json RefundOf(const std::string& id, const std::string& order) {
    json refund = Refund(id);
    refund["body"]["order_id"] = order;
    return refund;
  }

  std::function<Step(const Received&)> answer_ = Order;
  ScriptedServer upstream_{
      {.on_request = [this](const Received& request) { return answer_(request); }}};
};

TEST_F(CurrentEventsTest, TheOrderIsReadAnewWithTheKeysOfItsStore) {
  config_["upstreams"]["paynow"]["stores"][kOtherStore]["api_key"] = {
      {"file", directory_.Write("other-key", "key_of_the_other_store")}};
  Start();
  ASSERT_TRUE(Deliver(Refund("17", kOtherStore)));
  const json events = PullWithCurrent();
  ASSERT_EQ(events.size(), 1u);
  const json& current = events[0]["current"];
  EXPECT_EQ(current["resource"]["@type"], "type.googleapis.com/paynow.management.v1.OrderDto");
  EXPECT_EQ(current["resource"]["id"], "7");
  EXPECT_EQ(current["resource"]["status"], "ORDER_STATUS_REFUNDED");
  EXPECT_TRUE(current.contains("readTime"));
  EXPECT_FALSE(current.contains("reason"));
  ASSERT_EQ(upstream_.executions(), 1);
  const Received read = upstream_.received().at(0);
  EXPECT_EQ(read.method, "GET");
  EXPECT_EQ(read.target, absl::StrCat("/v1/stores/", kOtherStore, "/orders/7"));
  EXPECT_THAT(read.head, HasSubstr("key_of_the_other_store"));
}

TEST_F(CurrentEventsTest, EventsAboutOneOrderShareOneRead) {
  Start();
  for (const auto& [id, order] : {std::pair("1", "7"), {"2", "8"}, {"3", "7"}}) {
    ASSERT_TRUE(Deliver(RefundOf(id, order)));
  }
  const json events = PullWithCurrent();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(upstream_.executions(), 2);
  for (const auto& [place, order] : {std::pair(0, "7"), {1, "8"}, {2, "7"}}) {
    EXPECT_EQ(events[place]["current"]["resource"]["id"], order);
  }
}

TEST_F(CurrentEventsTest, NothingIsReadWhereNobodyAskedForIt) {
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_FALSE(events[0].contains("current"));
  EXPECT_EQ(upstream_.executions(), 0);
}

TEST_F(CurrentEventsTest, AReadThatFailsIsToldInItsPlace) {
  answer_ = [](const Received& request) {
    return absl::EndsWith(request.target, "/7")
               ? Step::Raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
               : Order(request);
  };
  Start();
  ASSERT_TRUE(Deliver(RefundOf("1", "7")));
  ASSERT_TRUE(Deliver(RefundOf("2", "8")));
  ASSERT_TRUE(Deliver({{"event_type", "ON_NEWS"}, {"event_id", "3"}, {"body", json::object()}}));
  const json events = PullWithCurrent();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_THAT(events[0]["current"].value("reason", ""), HasSubstr("NOT_FOUND"));
  EXPECT_FALSE(events[0]["current"].contains("resource"));
  EXPECT_EQ(events[1]["current"]["resource"]["id"], "8");
  EXPECT_EQ(events[2]["current"].value("reason", ""), "NO_READ");
}

// The event is handed out in time, with a reason instead of the resource.
TEST_F(CurrentEventsTest, AnUpstreamThatIsSilentHoldsUpNoEvent) {
  Subscriptions()["all"] = {{"ack_deadline", "2s"}};
  answer_ = [](const Received&) { return Step::HeldReply("{}"); };
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  const SteadyTime begun = SteadyTime::Now();
  const json events = PullWithCurrent();
  EXPECT_LT(SteadyTime::Now() - begun, absl::Seconds(10));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["event"].value("eventId", ""), "17");
  EXPECT_NE(events[0]["current"].value("reason", ""), "");
  upstream_.Release();
}

TEST_F(CurrentEventsTest, OnlyWhoMayReadTheOrderIsShownIt) {
  Subscriptions()["mine"] = {{"stores", {kStore}}};
  const json methods = {"gateway.events.v1.EventService/*"};
  Start({{"events", {{"anyone", true}, {"methods", methods}, {"stores", {kStore}}}}});
  ASSERT_TRUE(Deliver(Refund("17")));
  const json pull = {{"subscription", "mine"}, {"with_current", true}};
  json events = Parse(Call("Pull", pull))["events"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["current"].value("reason", ""), "POLICY");
  EXPECT_EQ(upstream_.executions(), 0);
  Start({{"events",
          {{"anyone", true},
           {"methods", {"gateway.events.v1.EventService/*", kGetOrder}},
           {"stores", {kStore}}}}});
  events = Parse(Call("Pull", pull))["events"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["current"]["resource"]["id"], "7");
}

TEST_F(CurrentEventsTest, AStreamReadsThemToo) {
  Start();
  EventStream stream(
      OwnChannel(absl::StrCat("127.0.0.1:", gateway_->port()), grpc::InsecureChannelCredentials()),
      {{"subscription", "all"}, {"add_events", 10}, {"with_current", true}});
  ASSERT_TRUE(Deliver(RefundOf("1", "7")));
  ASSERT_TRUE(Deliver(RefundOf("2", "8")));
  const std::vector<json> events = stream.NextEvents(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["current"]["resource"]["id"], "7");
  EXPECT_EQ(events[1]["current"]["resource"]["id"], "8");
}

// The consumer leaves while the gateway reads the order: nobody has received the event.
TEST_F(CurrentEventsTest, AnEventWhoseConsumerLeavesWhileItIsReadGoesToOthers) {
  Subscriptions()["all"] = {{"ack_deadline", "600s"}};
  answer_ = [](const Received&) { return Step::HeldReply(R"({"id": "7"})"); };
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  {
    EventStream stream(OwnChannel(absl::StrCat("127.0.0.1:", gateway_->port()),
                                  grpc::InsecureChannelCredentials()),
                       {{"subscription", "all"}, {"add_events", 1}, {"with_current", true}});
    ASSERT_TRUE(upstream_.WaitForExecutions(1));
    stream.Cancel();
  }
  const json events =
      Parse(Call("Pull", {{"subscription", "all"}}, std::chrono::seconds(20)))["events"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].value("deliveryAttempt", 0), 1) << "the try does not count";
  upstream_.Release();
}

}  // namespace
}  // namespace gateway
