// Events of a provider that does not sign them: the gateway hands out an event only if a read of
// the upstream confirms it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/service/call/events/event_fixture.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

class UnsignedEventsTest : public EventCallTest {
 protected:
  UnsignedEventsTest() {
    config_["webhooks"]["providers"]["qashier"] = {{"allow_unsigned", true}};
    config_["upstreams"]["qashier"] = {{"base_url", upstream_.Url("")},
                                       {"api_key", {{"file", directory_.Path("key")}}},
                                       {"retry", {{"max_attempts", 1}}}};
    Subscriptions()["all"] = {{"ack_deadline", "1s"}};
  }

  bool Hint(const std::string& type, const std::string& session) {
    const std::string body =
        json{{"id", "evt_1"},
             {"type", type},
             {"data", {{"object", {{"id", session}, {"amount_total", 100000}}}}}}
            .dump();
    return absl::StartsWith(
        security::Exchange(
            gateway_->webhooks_port(),
            absl::StrCat("POST /webhooks/qashier HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                         "Content-Length: ", body.size(), "\r\n\r\n", body)),
        "HTTP/1.1 204");
  }

  int64_t Backlog() {
    const std::string text = gateway_->MetricsText();
    const std::string line = "\ngateway_events_backlog{subscription=\"all\"} ";
    return std::stoll(text.substr(text.find(line) + line.size()));
  }

  static Step NotFound() {
    return Step::Raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }

  std::function<Step(const Received&)> answer_ = [](const Received&) {
    return Step::Reply(R"({"id": "cs_1", "status": "complete", "amount_total": 5,
                           "url": "https://pay.example/secret"})");
  };
  ScriptedServer upstream_{
      {.on_request = [this](const Received& request) { return answer_(request); }}};
};

TEST_F(UnsignedEventsTest, WhatTheReadBearsOutIsHandedOutAsItWasRead) {
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].value("verifiedBy", ""), "VERIFIED_BY_READ");
  const json& event = events[0]["event"];
  EXPECT_EQ(
      event,
      (json{{"provider", "qashier"}, {"eventId", "evt_1"}, {"type", "checkout.session.completed"}}))
      << "the amount that somebody wrote into it is not there";
  const json& session = events[0]["current"]["resource"];
  EXPECT_EQ(session["amountTotal"], "5");
  EXPECT_FALSE(session.contains("url"));
}

TEST_F(UnsignedEventsTest, ASignedEventSaysSo) {
  Start();
  ASSERT_TRUE(Deliver(Refund("17")));
  const json events = Pull();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].value("verifiedBy", ""), "VERIFIED_BY_SIGNATURE");
  EXPECT_EQ(upstream_.executions(), 0);
}

TEST_F(UnsignedEventsTest, AnInventedSessionIsHandedOutToNobody) {
  answer_ = [](const Received&) { return NotFound(); };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_invented"));
  EXPECT_THAT(Pull(), IsEmpty());
  Pull();
  EXPECT_EQ(Backlog(), 0) << "and is done with";
  EXPECT_EQ(upstream_.executions(), 1);
}

// The upstream may show the new state late: the gateway reads the session five times at most.
TEST_F(UnsignedEventsTest, WhatIsNotBorneOutIsLookedAtAgainAndThenDropped) {
  answer_ = [](const Received&) { return Step::Reply(R"({"id": "cs_1", "status": "open"})"); };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(Backlog(), 1);
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (Backlog() > 0 && SteadyTime::Now() < end) EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(Backlog(), 0);
  EXPECT_EQ(upstream_.executions(), 5);
}

TEST_F(UnsignedEventsTest, AStateThatIsAnotherEventsBearsNothingOut) {
  Start();
  ASSERT_TRUE(Hint("checkout.session.expired", "cs_1"));
  EXPECT_THAT(Pull(), IsEmpty());
}

TEST_F(UnsignedEventsTest, WhileTheUpstreamIsAwayItWaits) {
  answer_ = [](const Received&) {
    return Step::Raw("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(Backlog(), 1);
}

TEST_F(UnsignedEventsTest, AnEventThatNamesNothingIsDroppedUnread) {
  Start();
  ASSERT_TRUE(Hint("checkout.session.invented", "cs_1"));
  EXPECT_THAT(Pull(), IsEmpty());
  Pull();
  EXPECT_EQ(Backlog(), 0);
  EXPECT_EQ(upstream_.executions(), 0);
}

TEST_F(UnsignedEventsTest, WithoutAllowUnsignedNothingIsReceived) {
  config_["webhooks"]["providers"].erase("qashier");
  Start();
  EXPECT_FALSE(Hint("checkout.session.completed", "cs_1"));
}

}  // namespace
}  // namespace gateway
