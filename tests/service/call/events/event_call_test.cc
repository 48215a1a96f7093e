// EventService over gRPC, with events from the webhook receiver: what a consumer receives, what it
// may send, and what the policy allows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/call/events/event_fixture.h"
#include "tests/service/grpc_client.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(EventCallTest, AnEventGoesFromTheWireToItsConsumerUntilItSaysDone) {
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  const json& event = events[0]["event"];
  EXPECT_EQ(event["provider"], "paynow");
  EXPECT_EQ(event["type"], "ON_REFUND");
  EXPECT_EQ(event["refund"]["amount"], "250");
  EXPECT_EQ(events[0].value("delivery_attempt", events[0].value("deliveryAttempt", 0)), 1);
  EXPECT_EQ(events[0]["number"], "1");
  // A deadline of 0 s gives the event back: the event is handed out again at once.
  const json again = {
      {"subscription", "all"}, {"ack_ids", {AckIdOf(events[0])}}, {"ack_deadline", "0s"}};
  EXPECT_EQ(Parse(Call("ModifyAckDeadline", again)), json::object());
  events = Pull();
  ASSERT_EQ(events.size(), 1u);
  const json done = {{"subscription", "all"}, {"ack_ids", {AckIdOf(events[0])}}};
  EXPECT_EQ(Parse(Call("Acknowledge", done)), json::object());
  Start();
  EXPECT_THAT(IdsOf(Pull()), testing::IsEmpty());
  EXPECT_TRUE(Deliver(Refund("17"))) << "a duplicate is taken, and handed to nobody";
  EXPECT_THAT(IdsOf(Pull()), testing::IsEmpty());
}

TEST_F(EventCallTest, APullIsAnsweredWhenAnEventComes) {
  Start();
  auto pulling = std::async(std::launch::async, [&] {
    return Call("Pull", {{"subscription", "all"}}, std::chrono::seconds(60));
  });
  ASSERT_TRUE(Deliver(Refund("17")));
  EXPECT_THAT(IdsOf(Parse(pulling.get())["events"]), ElementsAre("17"));
}

TEST_F(EventCallTest, ADrainDoesNotWaitForEvents) {
  config_["drain"] = {{"grace", "60s"}};
  Start();
  auto pulling = std::async(std::launch::async, [&] {
    return Call("Pull", {{"subscription", "all"}}, std::chrono::seconds(120));
  });
  while (!absl::StrContains(gateway_->MetricsText(), "\ngateway_calls_in_flight 1\n")) {
    std::this_thread::yield();
  }
  const SteadyTime begun = SteadyTime::Now();
  gateway_->Drain();
  EXPECT_LT(SteadyTime::Now() - begun, absl::Seconds(30));
  const RpcAnswer answer = pulling.get();
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
}

// The first consumer has cancelled its Pull, so the event goes to the next Pull.
TEST_F(EventCallTest, WhatNobodyReceivedGoesToTheNext) {
  Start();
  EXPECT_THAT(IdsOf(Pull()), testing::IsEmpty());
  {
    auto stub = std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", gateway_->port()), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    std::string bytes = "\x0a\x03all";
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    auto call =
        stub->PrepareUnaryCall(&context, absl::StrCat("/", kService, "Pull"), request, &queue);
    grpc::ByteBuffer reply;
    grpc::Status status;
    call->StartCall();
    call->Finish(&reply, &status, nullptr);
    context.TryCancel();
    void* tag;
    bool fine;
    queue.Next(&tag, &fine);
    queue.Shutdown();
  }
  ASSERT_TRUE(Deliver(Refund("17")));
  const json events = Pull();
  EXPECT_THAT(IdsOf(events), ElementsAre("17"));
}

TEST_F(EventCallTest, AGenuineEventThatCannotBeReadIsShownAsItCame) {
  Start();
  ASSERT_TRUE(DeliverText("[1, 2]"));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["raw"], "WzEsIDJd");
  EXPECT_EQ(events[0]["provider"], "paynow");
  EXPECT_THAT(events[0]["problem"].get<std::string>(), HasSubstr("expected an object"));
}

TEST_F(EventCallTest, DeadLettersAreListedAndRedelivered) {
  Subscriptions()["all"] = {{"max_attempts", 1}};
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  Parse(Call("ModifyAckDeadline",
             {{"subscription", "all"}, {"ack_ids", {AckIdOf(events[0])}}, {"ack_deadline", "0s"}}));
  EXPECT_THAT(IdsOf(Pull()), testing::IsEmpty());
  const json listed = Parse(Call("ListDeadLetters", {{"subscription", "all"}}));
  const json letters = listed.value("dead_letters", listed.value("deadLetters", json::array()));
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0]["type"], "ON_REFUND");
  EXPECT_EQ(letters[0]["store"], kStore);
  const json redelivered =
      Parse(Call("Redeliver", {{"subscription", "all"}, {"numbers", {"1", "2"}}}));
  EXPECT_EQ(redelivered.value("not_found", redelivered.value("notFound", json())),
            json::array({"2"}));
  EXPECT_THAT(IdsOf(Pull()), ElementsAre("17"));
}

TEST_F(EventCallTest, SeekSetsASubscriptionBack) {
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  ASSERT_TRUE(Deliver(Refund("18")));
  const json events = Pull();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Parse(Call("Seek", {{"subscription", "all"}, {"number", "2"}}))["number"], "2");
  EXPECT_THAT(IdsOf(Pull()), ElementsAre("18"));
  const json stale = {{"subscription", "all"}, {"ack_ids", {AckIdOf(events[0])}}};
  const json answer = Parse(Call("Acknowledge", stale));
  EXPECT_EQ(answer.value("stale_ack_ids", answer.value("staleAckIds", json())),
            json::array({AckIdOf(events[0])}));
}

TEST_F(EventCallTest, BadRequestsAreToldByField) {
  Subscriptions()["other"] = json::object();
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  const std::string id = AckIdOf(events[0]);
  EXPECT_THAT(WhyRefused("Pull", json::object()), HasSubstr("3 subscription: is required"));
  EXPECT_THAT(WhyRefused("Pull", {{"subscription", "none"}}), HasSubstr("5 the configuration"));
  EXPECT_THAT(WhyRefused("Pull", {{"subscription", "all"}, {"max_events", 1001}}),
              HasSubstr("3 max_events: must be from 0 to 1000"));
  EXPECT_THAT(WhyRefused("Acknowledge", {{"subscription", "all"}}),
              HasSubstr("3 ack_ids: must be 1 to 1000"));
  EXPECT_THAT(WhyRefused("Acknowledge", {{"subscription", "other"}, {"ack_ids", {id}}}),
              HasSubstr("3 ack_ids: one of them is no ack_id of this subscription"));
  EXPECT_THAT(WhyRefused("ModifyAckDeadline", {{"subscription", "all"}, {"ack_ids", {id}}}),
              HasSubstr("3 ack_deadline: is required"));
  EXPECT_THAT(WhyRefused("ModifyAckDeadline",
                         {{"subscription", "all"}, {"ack_ids", {id}}, {"ack_deadline", "3601s"}}),
              HasSubstr("3 ack_deadline: must be from 0 to an hour"));
  EXPECT_THAT(WhyRefused("Seek", {{"subscription", "all"}}),
              HasSubstr("3 target: time or number is required"));
  EXPECT_THAT(WhyRefused("ListDeadLetters", {{"subscription", "all"}, {"page_token", "x"}}),
              HasSubstr("3 page_token: is of no page"));
  EXPECT_THAT(WhyRefused("Redeliver", {{"subscription", "all"}}),
              HasSubstr("3 numbers: must be 1 to 1000"));
}

// The gateway reads the log's secret from the database, and cannot check an ack_id without it.
TEST_F(EventCallTest, BeforeTheDatabaseIsReachedNoAckIdIsCalledWrong) {
  config_["events"].erase("file");
  config_["events"]["postgresql"]["dsn_file"] =
      directory_.Write("dsn", "host=/nonexistent dbname=events user=gateway");
  config_["events"]["body_key_file"] = directory_.Write("body-key", std::string(32, 'b'));
  Start();
  EXPECT_EQ(WhyRefused("Acknowledge", {{"subscription", "all"}, {"ack_ids", {"1-2-3"}}}),
            "14 the log was not reached yet");
}

TEST_F(EventCallTest, ARuleCoversTheSubscriptionsThatAreLimitedToItsStores) {
  Subscriptions()["mine"] = {{"stores", {kStore}}};
  Subscriptions()["both"] = {{"stores", {kStore, kOtherStore}}};
  Start({{"r",
          {{"anyone", true},
           {"methods", {"gateway.events.v1.EventService/*"}},
           {"stores", {kStore}}}}});
  ASSERT_TRUE(Deliver(Refund("17", kOtherStore)));
  ASSERT_TRUE(Deliver(Refund("18", kStore)));
  EXPECT_THAT(IdsOf(Pull("mine")), ElementsAre("18"));
  for (const char* subscription : {"both", "all"}) {
    EXPECT_THAT(WhyRefused("Pull", {{"subscription", subscription}}),
                HasSubstr("7 the policy does not allow this caller this subscription"));
  }
}

TEST_F(EventCallTest, ARuleCoversTheSubscriptionsThatAreLimitedToItsUpstreams) {
  Subscriptions()["paynow"] = {{"providers", {"paynow"}}};
  Subscriptions()["other"] = {{"providers", {"paymentkit"}}};
  Start({{"r",
          {{"anyone", true},
           {"methods", {"gateway.events.v1.EventService/*"}},
           {"upstreams", {"paynow"}}}}});
  ASSERT_TRUE(Deliver(Refund("17")));
  EXPECT_THAT(IdsOf(Pull("paynow")), ElementsAre("17"));
  for (const char* subscription : {"other", "all"}) {
    EXPECT_THAT(WhyRefused("Pull", {{"subscription", subscription}}), HasSubstr("7 the policy"));
  }
}

TEST_F(EventCallTest, AStarDoesNotCoverEvents) {
  Start({{"r", {{"anyone", true}, {"methods", {"*", "read", "write"}}}}});
  EXPECT_THAT(WhyRefused("Pull", {{"subscription", "all"}}), HasSubstr("16 "));
}

TEST_F(EventCallTest, TheMetricsTellWhatBecameOfEverything) {
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  ASSERT_TRUE(Deliver(Refund("17")));
  ASSERT_TRUE(Deliver(Refund("18")));
  Pull();
  const std::string text = gateway_->MetricsText();
  for (const char* line :
       {"gateway_webhooks_received_total{provider=\"paynow\",outcome=\"kept\"} 2",
        "gateway_webhooks_received_total{provider=\"paynow\",outcome=\"duplicate\"} 1",
        "gateway_events_backlog{subscription=\"all\"} 2",
        "gateway_events_out{subscription=\"all\"} 2", "gateway_events_writable 1",
        "gateway_events_handed_out_total{subscription=\"all\"} 2"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace gateway
