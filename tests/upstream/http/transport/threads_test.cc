// Many threads on one transport: every call ends exactly once (Awaited aborts otherwise), and the
// counts are consistent. Most useful under ThreadSanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

constexpr int kThreads = 4;
constexpr int kCallsPerThread = 500;

struct Ends {
  std::atomic<int> responses{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> deadlines{0};
  std::atomic<int> others{0};

  void Count(const Result& result) {
    if (std::holds_alternative<Response>(result)) {
      ++responses;
      return;
    }
    switch (std::get<Error>(result).kind) {
      case Error::Kind::kCancelled:
        ++cancelled;
        return;
      case Error::Kind::kDeadline:
        ++deadlines;
        return;
      default:
        ++others;
    }
  }
};

// Each request has its own target: a target that arrived twice was sent twice.
void ExpectNoneTwice(const ScriptedServer& server) {
  std::set<std::string> targets;
  for (const Received& received : server.received()) {
    EXPECT_TRUE(targets.insert(received.target).second) << received.target << " came twice";
  }
}

// Sends from several threads; cancels some calls and gives others a short deadline.
void Hammer(Transport& transport, const std::string& url, Ends& ends) {
  Guarded<int> ended;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t);
      for (int i = 0; i < kCallsPerThread; ++i) {
        Request request = Post(absl::StrCat(url, t, "-", i), std::string(random() % 2000, 'x'));
        const int choice = static_cast<int>(random() % 10);
        if (choice == 0) request = WithDeadline(std::move(request), absl::Microseconds(500));
        const Transport::CallId id = transport.Send(std::move(request), [&](const Result& result) {
          ends.Count(result);
          ended.With([](int& count) { ++count; });
        });
        if (choice == 1) transport.Cancel(id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ended.WaitUntil([](int count) { return count == kThreads * kCallsPerThread; },
                              std::chrono::minutes(2)));
}

Options ManyQueued() {
  Options options;
  options.event_loops = 2;
  options.max_connections = 8;
  options.max_queued = kThreads * kCallsPerThread;
  return options;
}

void ExpectAllEnded(const Ends& ends, const Http1Transport& transport) {
  EXPECT_EQ(ends.responses + ends.cancelled + ends.deadlines, kThreads * kCallsPerThread);
  EXPECT_EQ(ends.others, 0);
  EXPECT_GT(ends.responses, kThreads * kCallsPerThread / 2);
  EXPECT_GT(ends.cancelled, 0);
  const Stats stats = transport.Snapshot();
  EXPECT_EQ(stats.open, 0);
  EXPECT_EQ(stats.queued, 0);
  EXPECT_EQ(stats.in_flight, 0);
  EXPECT_EQ(stats.requests_started, stats.requests_finished);
}

class ThreadsTest : public testing::TestWithParam<Wire> {};

TEST_P(ThreadsTest, EveryCallEndsOnce) {
  ScriptedServer server({{Step::Reply("ok")}}, ListenOn(GetParam()));
  auto transport = MakeTransport(server, TrustingOptions(ManyQueued()));
  Ends ends;
  Hammer(*transport, server.Url("/"), ends);
  ExpectAllEnded(ends, *transport);
  ExpectNoneTwice(server);
}

TEST_P(ThreadsTest, EveryCallEndsOnceThoughConnectionsEndAllTheTime) {
  ScriptedServer server({{Step::Reply("ok"), Step::Reply("ok"),
                          Step::Raw(Step::Reply("ok").output, Step::End::kClose)}},
                        ListenOn(GetParam()));
  auto transport = MakeTransport(server, TrustingOptions(ManyQueued()));
  Ends ends;
  Hammer(*transport, server.Url("/"), ends);
  // A request may cross with the end of its connection; it then counts in `others`.
  EXPECT_EQ(ends.responses + ends.cancelled + ends.deadlines + ends.others,
            kThreads * kCallsPerThread);
  ExpectNoneTwice(server);
  EXPECT_EQ(transport->Snapshot().open, 0);
  EXPECT_EQ(transport->Snapshot().requests_started, transport->Snapshot().requests_finished);
}

// Calls wait while connections are made. When one thread looks at a waiting call, another thread
// may already have sent it.
TEST_P(ThreadsTest, ACallThatWaitsForAConnectionIsSentByOneThread) {
  ScriptedServer server({{Step::Raw(Step::Reply("ok").output, Step::End::kClose)}},
                        ListenOn(GetParam()));
  Options options = TrustingOptions(ManyQueued());
  options.max_connections = 64;
  auto transport = MakeTransport(server, options);
  for (int round = 0; round < 50; ++round) {
    std::vector<Awaited> calls;
    for (int i = 0; i < 16; ++i) {
      calls.push_back(Start(*transport, Post(server.Url(absl::StrCat("/", round, "-", i)), "{}")));
    }
    for (const Awaited& call : calls) call.Get();
  }
  ExpectNoneTwice(server);
}

TEST_P(ThreadsTest, ShutdownUnderLoad) {
  ScriptedServer server({{Step::Reply("ok")}}, ListenOn(GetParam()));
  for (int round = 0; round < 20; ++round) {
    auto transport = MakeTransport(server, TrustingOptions(ManyQueued()));
    std::vector<Awaited> calls;
    for (int i = 0; i < 100; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
    transport.reset();
    for (const Awaited& call : calls) ASSERT_TRUE(call.IsOver());
  }
}

INSTANTIATE_TEST_SUITE_P(, ThreadsTest, testing::Values(Wire::kPlain, Wire::kTls),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace gateway::http
