#include "service/events/forward/message.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/service/events/log_calls.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::events {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kRefund[] =
    R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1","order_id":"7","store_id":"9","amount":250}})";

const webhooks::EventReader& Reader() {
  static const auto& reader =
      **new auto(webhooks::EventReader::Create(webhooks::EmbeddedSchemes()).value());
  return reader;
}

SealedEvent EventOf(const std::string& id, const std::string& body) {
  SealedEvent event = TestEvent(id, body, "ON_REFUND", "7");
  event.event.head.store = "9";
  event.event.head.received = absl::FromUnixSeconds(1764264001);
  event.event.signed_time = absl::FromUnixSeconds(1764264000);
  return event;
}

json Show(const SealedEvent& event) {
  const auto message = MessageOf(event, *TestCipher(), Reader());
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? json::parse(message->body) : json();
}

TEST(MessageTest, IsACloudEventWithTheEventAsParseEventShowsIt) {
  EXPECT_EQ(Show(EventOf("17", kRefund)), json::parse(R"({
    "specversion": "1.0", "id": "paynow:17:c2b42ec0f36ce5614d38fd9a781c4302", "source": "/webhooks/paynow",
    "type": "paynow.ON_REFUND", "subject": "7", "store": "9", "time": "2025-11-27T17:20:00Z",
    "datacontenttype": "application/json",
    "data": {"provider": "paynow", "event_id": "17", "type": "ON_REFUND",
             "time": "2025-11-27T17:20:00Z",
             "refund": {"id": "1", "order_id": "7", "store_id": "9", "amount": "250"}}})"));
}

TEST(MessageTest, AnEventThatCannotBeReadIsShownAsItCame) {
  SealedEvent event = EventOf("", "[1, 2]");
  event.event.head.type = event.event.head.store = event.event.head.resource = "";
  const json shown = Show(event);
  EXPECT_EQ(shown["type"], "paynow.unreadable");
  EXPECT_EQ(shown["data_base64"], "WzEsIDJd");
  EXPECT_EQ(shown["datacontenttype"], "application/octet-stream");
  EXPECT_THAT(shown["problem"].get<std::string>(), HasSubstr("expected an object"));
  EXPECT_EQ(shown["time"], "2025-11-27T17:20:01Z") << "when it was received";
  EXPECT_FALSE(shown.contains("subject"));
  EXPECT_FALSE(shown.contains("data"));
}

TEST(MessageTest, AnEventOfASweepHasTheObjectThatWasRead) {
  google::protobuf::Duration read;
  read.set_seconds(5);
  google::protobuf::Any object;
  object.PackFrom(read);
  SealedEvent event = EventOf("", object.SerializeAsString());
  event.event.head.origin = Origin::kSweep;
  const json shown = Show(event);
  EXPECT_EQ(shown["origin"], "sweep");
  EXPECT_EQ(shown["type"], "paynow.ON_REFUND");
  EXPECT_EQ(shown["time"], "2025-11-27T17:20:00Z") << "when it happened";
  EXPECT_EQ(
      shown["data"]["object"],
      json::parse(R"({"@type": "type.googleapis.com/google.protobuf.Duration", "value": "5s"})"));
  EXPECT_THAT(shown["id"].get<std::string>(), StartsWith("paynow:sha256-"));
}

TEST(MessageTest, TheIdTellsEventsApart) {
  const auto id_of = [](const std::string& id, const std::string& body, const char* provider,
                        const char* name) {
    SealedEvent event = TestEvent(id, body);
    event.event.head.provider = provider;
    event.event.head.name = name;
    event.event.body = body;
    return MessageIdOf(event.event.head, KeyOf(event.event));
  };
  const std::string hash = "44136fa355b3678a1146ad16f7e8649e";  // of {}
  EXPECT_EQ(id_of("17", "{}", "paynow", ""), "paynow:17:" + hash);
  EXPECT_EQ(id_of("17", "{}", "paynow", "eu"), "paynow:eu:17:" + hash);
  EXPECT_EQ(id_of("17", "{}", "paynow", "eu.1"), "paynow:eu~1:17:" + hash) << "no dot is in it";
  EXPECT_THAT(id_of("a b", "{}", "paynow", ""), StartsWith("paynow:sha256-"));
  EXPECT_THAT(id_of("1\r\nx: y", "{}", "paynow", ""), StartsWith("paynow:sha256-"));
  EXPECT_THAT(id_of(std::string(101, 'a'), "{}", "paynow", ""), StartsWith("paynow:sha256-"));
  EXPECT_NE(id_of("1", "{}", "paynow", "eu"), id_of("eu_1", "{}", "paynow", ""));
  EXPECT_NE(id_of("1", "{}", "paynow", "eu_2"), id_of("2_1", "{}", "paynow", "eu"));
  EXPECT_NE(id_of("1", "{}", "paynow", "eu.2"), id_of("1", "{}", "paynow", "eu_2"));
  for (const char* id : {"17", "a b"}) {
    EXPECT_NE(id_of(id, "{}", "paynow", ""), id_of(id, "[]", "paynow", "")) << "the log keeps both";
  }
  EXPECT_NE(id_of("", "{}", "paynow", ""), id_of("", "[]", "paynow", "")) << "by the body";
  EXPECT_EQ(id_of("", "{}", "paynow", ""), id_of("", "{}", "paynow", ""));
}

TEST(MessageTest, WhatCannotBeDecryptedIsNotHandedOn) {
  SealedEvent event = EventOf("17", kRefund);
  event.sealed_body.back() = static_cast<char>(event.sealed_body.back() ^ 1);
  EXPECT_FALSE(MessageOf(event, *TestCipher(), Reader()).ok());
}

}  // namespace
}  // namespace gateway::events
