// Events to a real nats-server with JetStream that is killed, is not started yet, or refuses them.
#include "service/events/forward/nats_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/authority.h"
#include "tests/service/events/forward/nats_server.h"
#include "tests/service/events/log_calls.h"

namespace gateway::events {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

NatsOptions OptionsFor(const std::string& url) {
  NatsOptions options;
  options.servers = {url};
  options.stream = "BILLING";
  options.subject = "billing";
  return options;
}

Message MessageOf(const std::string& id, const std::string& body = "{}") {
  return {.id = id, .provider = "paynow", .type = "ON_REFUND", .body = body};
}

std::unique_ptr<NatsTarget> MakeTarget(NatsOptions options) {
  auto target = NatsTarget::Create(std::move(options));
  EXPECT_TRUE(target.ok()) << target.status();
  return *std::move(target);
}

std::future<HandoverResult> Begin(NatsTarget& target, Message message,
                                  absl::Duration timeout = absl::Seconds(10)) {
  auto promise = std::make_shared<std::promise<HandoverResult>>();
  auto future = promise->get_future();
  target.HandOn(std::move(message), SteadyTime::Now() + timeout,
                [promise](HandoverResult result) { promise->set_value(std::move(result)); });
  return future;
}

HandoverResult HandOn(NatsTarget& target, Message message) {
  return Begin(target, std::move(message)).get();
}

// Hands on the event again until the server is reached: NatsTarget connects in the background.
HandoverResult HandOnUntilReached(NatsTarget& target, const std::string& id) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  HandoverResult result = HandOn(target, MessageOf(id));
  while (result.handover == Handover::kUnreachable && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(50));
    result = HandOn(target, MessageOf(id));
  }
  return result;
}

// A reload makes targets. It is refused then, and the process goes on.
TEST(NatsTargetTest, IsNotMadeWhereTheSystemRefusesAThread) {
  int left = 1;
  const auto target =
      NatsTarget::Create(OptionsFor("nats://127.0.0.1:1"), [&](std::function<void()> run) {
        if (left-- > 0) return std::thread(std::move(run));
        throw std::system_error(EAGAIN, std::generic_category());
      });
  EXPECT_EQ(target.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(NatsTargetTest, AnEventIsTakenWhenTheStreamHasIt) {
  NatsServer server;
  server.AddStream("BILLING", "billing.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  EXPECT_EQ(HandOn(*target, MessageOf("paynow_17", R"({"a":1})")).handover, Handover::kTaken);
  const auto messages = server.Messages("BILLING");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].subject, "billing.paynow.ON_REFUND");
  EXPECT_EQ(messages[0].id, "paynow_17");
  EXPECT_EQ(messages[0].type, "application/cloudevents+json");
  EXPECT_EQ(messages[0].data, R"({"a":1})");
}

TEST(NatsTargetTest, TheServerRemovesDuplicates) {
  NatsServer server;
  server.AddStream("BILLING", "billing.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  EXPECT_EQ(HandOn(*target, MessageOf("paynow_17")).handover, Handover::kTaken);
  EXPECT_EQ(HandOn(*target, MessageOf("paynow_17")).handover, Handover::kDuplicate);
  EXPECT_THAT(server.Messages("BILLING"), SizeIs(1));
}

// What the log keeps as two events is two for the stream.
TEST(NatsTargetTest, TwoEventsAreNoDuplicates) {
  NatsServer server;
  server.AddStream("BILLING", "billing.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  const auto hand_on = [&](const char* account, const char* id, const std::string& body) {
    SealedEvent event = TestEvent(id, body);
    event.event.head.name = account;
    event.event.body = body;
    const std::string message_id = MessageIdOf(event.event.head, KeyOf(event.event));
    return HandOn(*target, MessageOf(message_id, body)).handover;
  };
  EXPECT_EQ(hand_on("", "17", "{}"), Handover::kTaken);
  EXPECT_EQ(hand_on("", "17", "[]"), Handover::kTaken) << "one id with another body";
  EXPECT_EQ(hand_on("", "eu_1", "{}"), Handover::kTaken);
  EXPECT_EQ(hand_on("eu", "1", "{}"), Handover::kTaken) << "of an account";
  EXPECT_EQ(hand_on("", "17", "{}"), Handover::kDuplicate);
  EXPECT_THAT(server.Messages("BILLING"), SizeIs(4));
}

TEST(NatsTargetTest, AStreamThatIsMadeLaterIsFound) {
  NatsServer server;
  const auto target = MakeTarget(OptionsFor(server.Url()));
  const HandoverResult result = HandOn(*target, MessageOf("paynow_17"));
  EXPECT_EQ(result.handover, Handover::kUnreachable);
  EXPECT_EQ(result.reason, "there is no such stream");
  server.AddStream("BILLING", "billing.>");
  EXPECT_EQ(HandOn(*target, MessageOf("paynow_17")).handover, Handover::kTaken);
}

TEST(NatsTargetTest, TheStreamHasToTakeTheSubject) {
  NatsServer server;
  server.AddStream("BILLING", "other.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  const HandoverResult result = HandOn(*target, MessageOf("paynow_17"));
  EXPECT_EQ(result.handover, Handover::kUnreachable);
  EXPECT_EQ(result.reason, "no stream takes the subject");
}

TEST(NatsTargetTest, NoOtherStreamWillDo) {
  NatsServer server;
  server.AddStream("BILLING", "other.>");
  server.AddStream("FOREIGN", "billing.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  const HandoverResult result = HandOn(*target, MessageOf("paynow_17"));
  EXPECT_EQ(result.handover, Handover::kFailed);
  EXPECT_THAT(result.reason, HasSubstr("JetStream error"));
  EXPECT_THAT(server.Messages("FOREIGN"), IsEmpty());
}

TEST(NatsTargetTest, AServerThatIsDownAtTheStartIsFoundLater) {
  NatsServer server("", /*running=*/false);
  const auto target = MakeTarget(OptionsFor(server.Url()));
  EXPECT_EQ(HandOn(*target, MessageOf("paynow_17")).handover, Handover::kUnreachable);
  server.Start();
  server.AddStream("BILLING", "billing.>");
  EXPECT_EQ(HandOnUntilReached(*target, "paynow_17").handover, Handover::kTaken);
}

// Each event that was handed on is in the stream, and an event that was tried again is there once.
TEST(NatsTargetTest, AServerThatIsKilledLosesNothing) {
  NatsServer server;
  server.AddStream("BILLING", "billing.>");
  const auto target = MakeTarget(OptionsFor(server.Url()));
  constexpr int kEvents = 400;
  std::atomic<int> tried_again{0};
  std::vector<std::thread> senders;
  std::atomic<int> next{0};
  for (int i = 0; i < 4; ++i) {
    senders.emplace_back([&] {
      for (int event = next++; event < kEvents; event = next++) {
        while (true) {
          const auto result =
              Begin(*target, MessageOf(absl::StrCat("paynow_", event)), absl::Seconds(2)).get();
          if (result.handover == Handover::kTaken || result.handover == Handover::kDuplicate) break;
          ++tried_again;
          absl::SleepFor(absl::Milliseconds(20));
        }
      }
    });
  }
  for (int kills = 1; kills <= 3; ++kills) {
    while (next < kills * kEvents / 4) std::this_thread::yield();
    server.Kill();
    server.Start();
  }
  for (std::thread& sender : senders) sender.join();
  std::multiset<std::string> ids;
  for (const NatsServer::Stored& message : server.Messages("BILLING")) ids.insert(message.id);
  EXPECT_THAT(ids, SizeIs(kEvents)) << "duplicates";
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(kEvents)) << "lost";
  EXPECT_GT(tried_again, 0) << "no kill came in between";
}

TEST(NatsTargetTest, WhoeverIsNotLetInReachesNobody) {
  NatsServer server("authorization { user: gateway, password: secret }");
  NatsOptions options = OptionsFor(server.Url());
  options.user = "gateway";
  options.password = "wrong";
  const HandoverResult result = HandOn(*MakeTarget(options), MessageOf("paynow_17"));
  EXPECT_EQ(result.handover, Handover::kUnreachable);
  options.password = "secret";
  EXPECT_EQ(HandOn(*MakeTarget(options), MessageOf("paynow_17")).reason, "there is no such stream");
}

// The server gives no answer to a question that the account may not ask.
TEST(NatsTargetTest, WhoMayOnlyPublishPublishesInTime) {
  NatsServer server(
      "authorization { users: [{ user: admin, password: a }, { user: gateway, password: secret, "
      "permissions: { publish: [\"billing.>\"], subscribe: [\"_INBOX.>\"] } }] }\n"
      "no_auth_user: admin");
  server.AddStream("BILLING", "billing.>");
  NatsOptions options = OptionsFor(server.Url());
  options.user = "gateway";
  options.password = "secret";
  const auto target = MakeTarget(options);
  HandoverResult result;
  do {
    result = Begin(*target, MessageOf("paynow_17"), absl::Seconds(8)).get();
  } while (result.reason == "not connected");
  EXPECT_EQ(result.handover, Handover::kTaken) << result.reason;
}

TEST(NatsTargetTest, AServerIsWhoItsCertificateSays) {
  Authority authority("nats");
  const auto reached = [&](const std::string& names, const Authority& trusted) {
    const Identity identity = authority.Issue({.names = names});
    NatsServer server(absl::StrCat("tls { cert_file: \"", identity.certificate_file,
                                   "\", key_file: \"", identity.key_file, "\" }"));
    NatsOptions options = OptionsFor(absl::StrCat("tls://localhost:", server.port()));
    options.tls.authorities = trusted.certificate();
    return HandOn(*MakeTarget(options), MessageOf("paynow_17")).reason == "there is no such stream";
  };
  EXPECT_TRUE(reached("DNS:localhost", authority));
  EXPECT_FALSE(reached("DNS:elsewhere.example", authority)) << "another host's certificate";
  EXPECT_FALSE(reached("DNS:localhost", Authority("other"))) << "nobody vouches for it";
}

TEST(NatsTargetTest, TheEndDoesNotWaitForAServer) {
  NatsServer server("", /*running=*/false);
  auto target = MakeTarget(OptionsFor(server.Url()));
  auto waits = Begin(*target, MessageOf("paynow_17"), absl::Minutes(5));
  target = nullptr;
  EXPECT_EQ(waits.get().handover, Handover::kUnreachable);
}

TEST(NatsTargetTest, SubjectsHaveTokensAlone) {
  const auto subject = [](const std::string& type) {
    return SubjectOf("billing.events", {.id = "", .provider = "qashier", .type = type, .body = ""});
  };
  EXPECT_EQ(subject("ON_REFUND"), "billing.events.qashier.ON_REFUND");
  EXPECT_EQ(subject("checkout.session.completed"),
            "billing.events.qashier.checkout.session.completed");
  EXPECT_EQ(subject("a.>.*. b..c"), "billing.events.qashier.a._._._b._.c");
  EXPECT_EQ(subject(""), "billing.events.qashier.unreadable");
}

TEST(NatsTargetTest, AddressesHaveAForm) {
  EXPECT_TRUE(CheckNatsServer("nats://127.0.0.1:4222").ok());
  EXPECT_TRUE(CheckNatsServer("tls://nats.example:4222").ok());
  for (const char* const bad : {"127.0.0.1:4222", "nats://host", "nats://:4222", "nats://host:0",
                                "nats://host:65536", "nats://user:password@host:4222",
                                "nats://host:4222/x", "http://host:4222", "nats://a b:1"}) {
    EXPECT_FALSE(CheckNatsServer(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gateway::events
