// EventService/StreamingPull over gRPC, with events from the webhook receiver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/service/call/events/event_fixture.h"
#include "tests/service/event_stream.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kMoment = std::chrono::milliseconds(200);

class StreamingPullTest : public EventCallTest {
 protected:
  std::shared_ptr<grpc::Channel> Channel() {
    return OwnChannel(absl::StrCat("127.0.0.1:", gateway_->port()),
                      grpc::InsecureChannelCredentials());
  }

  std::unique_ptr<EventStream> Open(const json& first) {
    return std::make_unique<EventStream>(Channel(), first);
  }

  std::unique_ptr<EventStream> OpenFor(int events) {
    return Open({{"subscription", "all"}, {"add_events", events}});
  }

  static std::vector<std::string> Ids(const std::vector<json>& events) {
    std::vector<std::string> ids;
    for (const json& event : events) ids.push_back(EventStream::IdOf(event));
    return ids;
  }

  static json Acknowledging(const std::vector<json>& events) {
    json ids = json::array();
    for (const json& event : events) ids.push_back(EventStream::AckIdOf(event));
    return {{"ack_ids", ids}};
  }

  void DeliverMany(int first, int last) {
    for (int id = first; id <= last; ++id) ASSERT_TRUE(Deliver(Refund(absl::StrCat(id))));
  }

  std::string EndOf(EventStream& stream) {
    while (stream.Next()) {
    }
    const grpc::Status& status = stream.Finish();
    return absl::StrCat(status.error_code(), " ", status.error_message());
  }
};

TEST_F(StreamingPullTest, EventsComeAsTheyAreReceivedAndAcknowledgementsAreTold) {
  Start();
  const auto stream = OpenFor(10);
  const auto opened = stream->Next();
  ASSERT_TRUE(opened) << stream->Finish().error_message();
  EXPECT_EQ(opened->value("settledRequests", ""), "1");
  EXPECT_EQ(opened->value("eventsLeft", 0), 10);
  DeliverMany(1, 3);
  const std::vector<json> events = stream->NextEvents(3);
  EXPECT_THAT(Ids(events), ElementsAre("1", "2", "3"));
  ASSERT_TRUE(stream->Send(Acknowledging(events)));
  ASSERT_TRUE(stream->AwaitSettled(2));
  stream->CloseSide();
  EXPECT_EQ(EndOf(*stream), "0 ");
  Start();
  EXPECT_THAT(IdsOf(Pull()), IsEmpty()) << "what was told as settled is durable";
}

TEST_F(StreamingPullTest, NoEventComesWithoutACredit) {
  Start();
  DeliverMany(1, 3);
  const auto stream = OpenFor(2);
  EXPECT_THAT(Ids(stream->NextEvents(2)), ElementsAre("1", "2"));
  EXPECT_FALSE(stream->NextWithin(kMoment));
  EXPECT_THAT(IdsOf(Pull()), ElementsAre("3")) << "the stream holds none back for itself";
  ASSERT_TRUE(stream->Send({{"add_events", 1}}));
  DeliverMany(4, 4);
  EXPECT_THAT(Ids(stream->NextEvents(1)), ElementsAre("4"));
}

TEST_F(StreamingPullTest, BytesAreCreditsTooWhereTheyAreCounted) {
  Start();
  DeliverMany(1, 3);
  const auto stream = Open({{"subscription", "all"}, {"add_events", 100}, {"add_bytes", 1}});
  EXPECT_THAT(Ids(stream->NextEvents(1)), ElementsAre("1")) << "an event comes whatever its size";
  EXPECT_FALSE(stream->NextWithin(kMoment));
  ASSERT_TRUE(stream->Send({{"add_bytes", 1 << 20}}));
  EXPECT_THAT(Ids(stream->NextEvents(2)), ElementsAre("2", "3"));
}

// The first consumer has cancelled its stream: its events do not wait for their deadline.
TEST_F(StreamingPullTest, WhatALostConsumerHadGoesToOthersAtOnce) {
  Subscriptions()["all"] = {{"ack_deadline", "600s"}};
  Start();
  DeliverMany(1, 3);
  auto stream = OpenFor(2);
  EXPECT_THAT(Ids(stream->NextEvents(2)), ElementsAre("1", "2"));
  stream->Cancel();
  stream = nullptr;
  const auto other = OpenFor(3);
  std::vector<json> events = other->NextEvents(3);
  std::set<std::string> ids;
  for (const json& event : events) ids.insert(EventStream::IdOf(event));
  EXPECT_THAT(ids, ElementsAre("1", "2", "3"));
}

TEST_F(StreamingPullTest, AConsumerThatClosesItsSideKeepsItsEventsUntilTheirDeadline) {
  Start();
  DeliverMany(1, 1);
  const auto stream = OpenFor(1);
  const std::vector<json> events = stream->NextEvents(1);
  stream->CloseSide();
  EXPECT_EQ(EndOf(*stream), "0 ");
  EXPECT_THAT(IdsOf(Pull()), IsEmpty());
  const auto next = Open({{"subscription", "all"}, {"ack_ids", Acknowledging(events)["ack_ids"]}});
  EXPECT_TRUE(next->AwaitSettled(1)) << "the first message may acknowledge";
  EXPECT_THAT(gateway_->MetricsText(), HasSubstr("gateway_events_backlog{subscription=\"all\"} 0"));
}

TEST_F(StreamingPullTest, DeadlinesAreMovedAndEventsGivenBack) {
  Start();
  DeliverMany(1, 1);
  const auto stream = OpenFor(2);
  std::vector<json> events = stream->NextEvents(1);
  json message = {{"ack_deadline", "600s"},
                  {"deadline_ack_ids", {EventStream::AckIdOf(events.at(0))}}};
  ASSERT_TRUE(stream->Send(message));
  ASSERT_TRUE(stream->AwaitSettled(2));
  message["ack_deadline"] = "0s";
  ASSERT_TRUE(stream->Send(message));
  events = stream->NextEvents(1);
  EXPECT_THAT(Ids(events), ElementsAre("1"));
  EXPECT_EQ(events[0].value("deliveryAttempt", 0), 2);
  ASSERT_TRUE(stream->Send(message)) << "that lease is over";
  std::vector<std::string> stale;
  while (stale.empty()) {
    const auto answer = stream->Next();
    ASSERT_TRUE(answer);
    stale = answer->value("staleAckIds", stale);
  }
  EXPECT_EQ(json(stale), message["deadline_ack_ids"]);
}

TEST_F(StreamingPullTest, BadMessagesEndTheStreamAndAreToldByField) {
  Start();
  DeliverMany(1, 1);
  EXPECT_THAT(EndOf(*Open(json::object())), HasSubstr("3 subscription: is required"));
  EXPECT_THAT(EndOf(*Open({{"subscription", "none"}})), HasSubstr("5 the configuration"));
  EXPECT_THAT(EndOf(*OpenFor(-1)), HasSubstr("3 add_events: must be 0 or more"));
  const std::vector<std::pair<json, const char*>> rows = {
      {{{"subscription", "all"}}, "3 subscription: is for the first message of a stream"},
      {{{"add_events", 1000001}}, "3 add_events: must be 0 or more, and at most 1000000"},
      {{{"add_bytes", 1}}, "3 add_bytes: the first message has none"},
      {{{"ack_ids", {"x"}}}, "3 ack_ids: one of them is no ack_id of this subscription"},
      {{{"deadline_ack_ids", {"x"}}}, "3 ack_deadline: is required"},
      {{{"deadline_ack_ids", {"x"}}, {"ack_deadline", "3601s"}},
       "3 ack_deadline: must be from 0 to an hour"}};
  for (const auto& [message, refusal] : rows) {
    const auto stream = OpenFor(1);
    EXPECT_EQ(stream->NextEvents(1).size(), 1u) << refusal;
    stream->Send(message);
    EXPECT_THAT(EndOf(*stream), HasSubstr(refusal));
    EXPECT_THAT(IdsOf(Pull()), IsEmpty()) << "the consumer is there, and has it still";
    Parse(Call("Seek", {{"subscription", "all"}, {"number", "1"}}));
  }
}

TEST_F(StreamingPullTest, AnOldStreamEndsWellAndLosesNothing) {
  config_["server"]["max_connection_age"] = "1s";
  Start();
  const auto stream = OpenFor(10);
  DeliverMany(1, 1);
  EXPECT_EQ(stream->NextEvents(1).size(), 1u);
  EXPECT_EQ(EndOf(*stream), "0 ");
  DeliverMany(2, 2);
  EXPECT_THAT(Ids(OpenFor(1)->NextEvents(1)), ElementsAre("2"));
}

TEST_F(StreamingPullTest, ADrainEndsStreamsWellTurnsNewOnesAwayAndLosesNothing) {
  config_["drain"] = {{"grace", "60s"}, {"delay", "2s"}};
  Start();
  DeliverMany(1, 2);
  const auto stream = OpenFor(1);
  const auto idle = OpenFor(0);
  EXPECT_THAT(Ids(stream->NextEvents(1)), ElementsAre("1"));
  ASSERT_TRUE(idle->Next());
  const auto channel = Channel();
  ASSERT_TRUE(
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)));
  const SteadyTime begun = SteadyTime::Now();
  auto draining = std::async(std::launch::async, [this] { gateway_->Drain(); });
  EXPECT_EQ(EndOf(*stream), "0 ");
  EXPECT_EQ(EndOf(*idle), "0 ");
  EventStream late(channel, {{"subscription", "all"}, {"add_events", 1}});
  EXPECT_THAT(EndOf(late), HasSubstr("14 the gateway stops"));
  DeliverMany(3, 3);  // deliveries still come during drain.delay
  draining.get();
  EXPECT_LT(SteadyTime::Now() - begun, absl::Seconds(30));
  Start();
  EXPECT_THAT(Ids(OpenFor(3)->NextEvents(3)), ElementsAre("1", "2", "3"));
}

TEST_F(StreamingPullTest, ARuleThatDoesNotCoverTheSubscriptionRefusesTheStream) {
  Subscriptions()["mine"] = {{"stores", {kStore}}};
  Start({{"r",
          {{"anyone", true},
           {"methods", {"gateway.events.v1.EventService/StreamingPull"}},
           {"stores", {kStore}}}}});
  DeliverMany(1, 1);
  EXPECT_THAT(EndOf(*OpenFor(1)),
              HasSubstr("7 the policy does not allow this caller this subscription"));
  EXPECT_THAT(Ids(Open({{"subscription", "mine"}, {"add_events", 1}})->NextEvents(1)),
              ElementsAre("1"));
}

TEST_F(StreamingPullTest, AThousandConsumersShareASubscription) {
  constexpr int kConsumers = 1000;
  constexpr int kOnOneChannel = 90;
  Start();
  std::vector<std::unique_ptr<EventStream>> streams;
  std::shared_ptr<grpc::Channel> channel;
  for (int i = 0; i < kConsumers; ++i) {
    if (i % kOnOneChannel == 0) channel = Channel();
    streams.push_back(
        std::make_unique<EventStream>(channel, json{{"subscription", "all"}, {"add_events", 1}}));
  }
  for (const auto& stream : streams) ASSERT_TRUE(stream->Next());
  std::vector<std::future<void>> senders;
  for (int i = 0; i < 4; ++i) {
    senders.push_back(std::async(std::launch::async, [this, i] {
      DeliverMany(i * kConsumers / 4 + 1, (i + 1) * kConsumers / 4);
    }));
  }
  for (auto& sender : senders) sender.get();
  std::set<std::string> ids;
  for (const auto& stream : streams) {
    const std::vector<json> events = stream->NextEvents(1);
    ASSERT_EQ(events.size(), 1u);
    ids.insert(EventStream::IdOf(events[0]));
    ASSERT_TRUE(stream->Send(Acknowledging(events)));
  }
  EXPECT_EQ(ids.size(), static_cast<size_t>(kConsumers)) << "each event goes to one of them";
  for (const auto& stream : streams) ASSERT_TRUE(stream->AwaitSettled(2));
  EXPECT_THAT(gateway_->MetricsText(), HasSubstr("gateway_events_backlog{subscription=\"all\"} 0"));
}

}  // namespace
}  // namespace gateway
