// Forwards webhooks to a JetStream stream while the gateway and the NATS server are killed. Each
// genuine event is in the stream exactly once, since the server removes duplicates.
//
// FORWARD_EVENTS: number of events, an even number (default 600; 10000 for the full test).
// FORWARD_KILLS: number of kills of each process (6). FORWARD_SEED: the seed for all random
// choices.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/event_gateway.h"
#include "tests/end_to_end/support/event_traffic.h"
#include "tests/end_to_end/support/number_from.h"
#include "tests/service/events/forward/nats_server.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr char kStream[] = "BILLING";
constexpr absl::Duration kPatience = absl::Minutes(3);

json ForwardTo(const NatsServer& server) {
  return {{"stream",
           {{"base_wait", "20ms"},
            {"max_wait", "200ms"},
            {"max_attempts", 1000},
            {"timeout", "1s"},
            {"nats", {{"servers", {server.Url()}}, {"stream", kStream}, {"subject", "billing"}}}}}};
}

// Kills the gateway and the server in turn, at random moments.
void KillBoth(EventGateway& gateway, NatsServer& server, int kills, std::mt19937& random) {
  const auto while_it_runs = [&] {
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(50, 300)(random)));
  };
  for (int i = 0; i < kills; ++i) {
    while_it_runs();
    gateway.Kill();
    gateway.Start();
    if (testing::Test::HasFatalFailure()) std::abort();
    while_it_runs();
    server.Kill();
    server.Start();
  }
}

TEST(ForwardNatsTest, NothingThatWasTakenIsLostAndNothingIsThereTwice) {
  const int events = NumberFrom("FORWARD_EVENTS", 600);
  const int kills = NumberFrom("FORWARD_KILLS", 6);
  const auto seed = static_cast<uint32_t>(NumberFrom("FORWARD_SEED", 20261127));
  const SteadyTime begun = SteadyTime::Now();
  NatsServer server("", /*running=*/false);
  EventGateway gateway(json::object(), "", ForwardTo(server));
  gateway.Start();  // the gateway starts before its target
  ASSERT_FALSE(HasFatalFailure());
  EventSenders senders({&gateway}, events, seed);
  server.Start();
  server.AddStream(kStream, "billing.>", /*duplicate_window_seconds=*/600);
  std::mt19937 random(seed);
  KillBoth(gateway, server, kills, random);
  senders.Join();

  const SteadyTime end = SteadyTime::Now() + kPatience;
  while (server.Count(kStream) < static_cast<uint64_t>(events) && SteadyTime::Now() < end) {
    absl::SleepFor(absl::Milliseconds(100));
  }
  std::map<std::string, int> times;
  for (const NatsServer::Stored& message : server.Messages(kStream)) {
    ++times[message.id.substr(0, message.id.rfind(':'))];  // without the body's hash
  }
  int lost = 0;
  int twice = 0;
  for (int i = 0; i < events; ++i) {
    const auto found = times.find(absl::StrCat("paynow:", i));
    lost += found == times.end() ? 1 : 0;
    twice += found == times.end() ? 0 : found->second - 1;
    if (found != times.end()) times.erase(found);
  }
  std::cout << "seed " << seed << ", " << events << " events, " << kills
            << " kills of gateway and server each, " << senders.tries()
            << " deliveries without a 2xx, " << lost << " lost, " << times.size() << " invented, "
            << twice << " there twice, " << SteadyTime::Now() - begun << "\n";
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(times.size(), 0u) << "invented";
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(senders.forged_taken(), 0);
  EXPECT_GT(senders.tries(), 0) << "no kill came in between";
}

}  // namespace
}  // namespace gateway
