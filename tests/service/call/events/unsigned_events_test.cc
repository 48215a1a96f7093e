// Events of a provider that does not sign them: the gateway hands out an event only if a read of
// the upstream confirms it.
#include "service/call/events/unsigned_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
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

  bool Hint(const std::string& type, const std::string& session, const std::string& id = "evt_1") {
    const std::string body =
        json{{"id", id},
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

  int64_t Metric(const std::string& name) {
    const std::string text = gateway_->MetricsText();
    const std::string line = absl::StrCat("\n", name, "{subscription=\"all\"} ");
    return std::stoll(text.substr(text.find(line) + line.size()));
  }
  int64_t Backlog() { return Metric("gateway_events_backlog"); }

  static Step Unavailable() {
    return Step::Raw("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
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
  EXPECT_EQ(event, (json{{"provider", "qashier"},
                         {"eventId", "checkout.session.completed/cs_1"},
                         {"type", "checkout.session.completed"}}))
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

TEST_F(UnsignedEventsTest, AnIdThatNoRequestCanCarryIsNotRead) {
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", ".."));
  EXPECT_THAT(Pull(), IsEmpty());
  Pull();
  EXPECT_EQ(Backlog(), 0);
  EXPECT_EQ(upstream_.executions(), 0);
}

TEST_F(UnsignedEventsTest, AnIdThatTheUpstreamRefusesIsDoubted) {
  answer_ = [](const Received&) {
    return Step::Raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (Backlog() > 0 && SteadyTime::Now() < end) EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(upstream_.executions(), 5);
}

// The first read that succeeds after an outage is the first doubt.
TEST_F(UnsignedEventsTest, ReadsThatFailDoNotCountAsDoubts) {
  std::atomic<int> reads = 0;
  answer_ = [&reads](const Received&) {
    const int read = ++reads;
    if (read <= 6) return Unavailable();
    return Step::Reply(read == 7 ? R"({"id": "cs_1", "status": "open"})"
                                 : R"({"id": "cs_1", "status": "complete"})");
  };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  json events = json::array();
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (events.empty() && SteadyTime::Now() < end) events = Pull();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["deliveryAttempt"], 1) << "the first that a consumer has seen";
  EXPECT_EQ(reads, 8);
}

TEST_F(UnsignedEventsTest, ReadsThatFailMakeNoDeadLetter) {
  std::atomic<int> reads = 0;
  answer_ = [&reads](const Received&) {
    ++reads;
    return Unavailable();
  };
  Subscriptions()["all"]["max_attempts"] = 2;
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (reads < 4 && SteadyTime::Now() < end) EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(Metric("gateway_events_dead_letters"), 0);
  EXPECT_EQ(Backlog(), 1);
}

TEST_F(UnsignedEventsTest, DoubtsMakeNoDeadLetter) {
  answer_ = [](const Received&) { return Step::Reply(R"({"id": "cs_1", "status": "open"})"); };
  Subscriptions()["all"]["max_attempts"] = 2;
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(60);
  while (Backlog() > 0 && SteadyTime::Now() < end) EXPECT_THAT(Pull(), IsEmpty());
  EXPECT_EQ(Metric("gateway_events_dead_letters"), 0);
  EXPECT_EQ(upstream_.executions(), 5);
}

// Anybody who knows a session can send webhooks about it. They all have the same event id.
TEST_F(UnsignedEventsTest, OneSessionIsOneEventWhateverIdsItsHintsHave) {
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1", "evt_1"));
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1", "evt_2"));
  const json events = Pull();
  ASSERT_EQ(events.size(), 2u) << "one may be of a stranger, the other the provider's";
  EXPECT_EQ(events[0]["event"]["eventId"], "checkout.session.completed/cs_1");
  EXPECT_EQ(events[1]["event"]["eventId"], "checkout.session.completed/cs_1");
}

TEST_F(UnsignedEventsTest, AReplyThatNamesNoSessionBearsNothingOut) {
  answer_ = [](const Received&) { return Step::Reply(R"({"status": "complete"})"); };
  Start();
  ASSERT_TRUE(Hint("checkout.session.completed", "cs_1"));
  EXPECT_THAT(Pull(), IsEmpty());
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
  answer_ = [](const Received&) { return Unavailable(); };
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

// A gateway that does not know the provider must not take its event for a signed one, nor for an
// invented one: another gateway can tell.
TEST(TakeOutUntrueTest, WhatIsStoredTellsThatNobodyHasSignedIt) {
  const absl::StatusOr<webhooks::Schemes> none = webhooks::Schemes::Read({});
  ASSERT_TRUE(none.ok());
  OpenedEvent hint;
  hint.received.event.event.head.provider = "unknown";
  hint.received.event.event.head.id = "evt_1";
  OpenedEvent genuine = hint;
  hint.received.event.key = events::HintKeyOf(hint.received.event.event);
  genuine.received.event.key = events::KeyOf(genuine.received.event.event);
  EXPECT_TRUE(IsUnsigned(hint, *none));
  EXPECT_FALSE(IsUnsigned(genuine, *none));
  std::vector<OpenedEvent> opened = {hint, genuine};
  std::vector<Current> currents(2);
  const UntrueEvents untrue = TakeOutUntrue(*none, opened, currents);
  EXPECT_EQ(opened.size(), 1u);
  EXPECT_EQ(untrue.unknown.size(), 1u);
}

TEST_F(UnsignedEventsTest, WithoutAllowUnsignedNothingIsReceived) {
  config_["webhooks"]["providers"].erase("qashier");
  Start();
  EXPECT_FALSE(Hint("checkout.session.completed", "cs_1"));
}

}  // namespace
}  // namespace gateway
