// The gateway forwards events over HTTP while it is killed. Each event reaches the target, and an
// event that is forwarded twice has the same id both times.
//
// FORWARD_EVENTS: number of events, an even number (default 600). FORWARD_KILLS: number of kills of
// the gateway (10). FORWARD_SEED: the seed for all random choices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/event_gateway.h"
#include "tests/end_to_end/support/event_traffic.h"
#include "tests/end_to_end/support/number_from.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;

constexpr absl::Duration kPatience = absl::Minutes(3);

json ForwardTo(const TempDir& directory, const std::string& url) {
  const std::string secret =
      absl::StrCat("whsec_", absl::Base64Escape("a secret of the test, 32 bytes.."));
  return {{"shop",
           {{"base_wait", "10ms"},
            {"max_wait", "100ms"},
            {"max_attempts", 1000},
            {"http",
             {{"url", url}, {"secrets", {{"a", {{"file", directory.Write("whsec", secret)}}}}}}}}}};
}

// Counts how often each event arrived, by its webhook-id.
class Arrivals {
 public:
  int Add(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return ++times_[id];
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return times_.size();
  }
  std::map<std::string, int> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> times_;  // guarded by mutex_
};

template <typename Condition>
bool Until(Condition holds) {
  const absl::Time end = absl::Now() + kPatience;
  while (!holds()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

// The gateway's process is stopped when the target has received the event, so it cannot acknowledge
// the event. It is killed when the target's answer has reached its socket.
TEST(ForwardKillTest, KilledBetweenTheAnswerAndTheAcknowledgementItRepeats) {
  const TempDir directory;
  Arrivals arrivals;
  std::unique_ptr<EventGateway> gateway;
  ScriptedServer target({.on_request = [&](const http::Received& request) {
    Step reply = Step::Reply("");
    if (arrivals.Add(request.Header("webhook-id")) == 1) {
      gateway->Hold();
      reply.unasked = "x";
    }
    return reply;
  }});
  gateway = std::make_unique<EventGateway>(json::object(), "",
                                           ForwardTo(directory, target.Url("/events")));
  gateway->Start();
  ASSERT_FALSE(HasFatalFailure());
  gateway->Deliver("17");  // no expectation: the gateway may be stopped before it answers
  // SpeakUnasked() counts a connection only after the target has written its answer there.
  ASSERT_TRUE(Until([&] { return target.SpeakUnasked() == 1; }));
  gateway->Kill();
  gateway->Start();
  ASSERT_TRUE(target.WaitForExecutions(2)) << "lost";
  EXPECT_THAT(arrivals.times(),
              testing::ElementsAre(testing::Pair(testing::StartsWith("paynow:17:"), 2)));
}

TEST(ForwardKillTest, NothingThatWasTakenIsLost) {
  const int events = NumberFrom("FORWARD_EVENTS", 600);
  const int kills = NumberFrom("FORWARD_KILLS", 10);
  const auto seed = static_cast<uint32_t>(NumberFrom("FORWARD_SEED", 20261127));
  const SteadyTime begun = SteadyTime::Now();
  const TempDir directory;
  Arrivals arrivals;
  std::atomic<int> requests{0};
  // Every seventh request is answered with 503. Of the others, every eleventh gets no answer.
  ScriptedServer target({.on_request = [&](const http::Received& request) {
    const int number = ++requests;
    if (number % 7 == 0) return Step::Raw("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
    if (number % 11 == 0) return Step::ExecuteAndClose();
    arrivals.Add(request.Header("webhook-id"));
    return Step::Reply("");
  }});
  EventGateway gateway(json::object(), "", ForwardTo(directory, target.Url("/events")));
  gateway.Start();
  ASSERT_FALSE(HasFatalFailure());
  EventSenders senders({&gateway}, events, seed);
  std::mt19937 random(seed);
  for (int i = 0; i < kills; ++i) {
    absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(50, 300)(random)));
    gateway.Kill();
    gateway.Start();
    if (HasFatalFailure()) std::abort();
  }
  senders.Join();
  EXPECT_TRUE(Until([&] { return arrivals.size() >= static_cast<size_t>(events); })) << "lost";
  int again = 0;
  for (const auto& [id, times] : arrivals.times()) {
    EXPECT_TRUE(absl::StartsWith(id, "paynow:") && !absl::StrContains(id, "sha256")) << id;
    again += times - 1;
  }
  std::cout << "seed " << seed << ", " << events << " events, " << kills << " kills, "
            << senders.tries() << " deliveries without a 2xx, " << requests << " requests, "
            << again << " handed on again after a 2xx, " << SteadyTime::Now() - begun << "\n";
  EXPECT_EQ(arrivals.size(), static_cast<size_t>(events)) << "invented";
  EXPECT_EQ(senders.forged_taken(), 0);
  EXPECT_GT(senders.tries(), 0) << "no kill came in between";
}

}  // namespace
}  // namespace gateway
