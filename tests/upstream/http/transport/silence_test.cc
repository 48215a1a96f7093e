// A peer that goes silent without closing, or resets a connection after a request: one lost request
// is evidence against its connection and against the idle connections beside it.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

constexpr int kSiblings = 5;
constexpr absl::Duration kDeadline = absl::Milliseconds(500);

class SilenceTest : public testing::TestWithParam<Wire> {
 protected:
  // The first connections answer once, all together, and then stay silent; later connections
  // answer.
  SilenceTest()
      : server_(
            [] {
              std::vector<Script> scripts(kSiblings, {Step::HeldReply("first"), Silent()});
              scripts.push_back({Step::Reply("alive")});
              return scripts;
            }(),
            ListenOn(GetParam())),
        transport_(MakeTransport(server_, TrustingOptions())) {
    std::vector<Awaited> calls;
    for (int i = 0; i < kSiblings; ++i) calls.push_back(Start(*transport_, Get(server_.Url("/"))));
    EXPECT_TRUE(server_.WaitForExecutions(kSiblings));
    server_.Release();
    for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 first");
    EXPECT_EQ(transport_->Snapshot().connections_open, kSiblings);
  }

  // Reads the request and sends nothing while the connection lasts.
  static Step Silent() {
    Step step = Step::Raw("");
    step.read = Step::Read::kRequest;
    return step;
  }

  std::string Write(absl::Duration deadline) {
    return Summary(Call(*transport_, WithDeadline(Post(server_.Url("/write"), "{}"), deadline)));
  }

  ScriptedServer server_;
  std::unique_ptr<Http1Transport> transport_;
};

TEST_P(SilenceTest, OneLostRequestCondemnsTheIdleSiblings) {
  EXPECT_EQ(Write(kDeadline), "deadline, sent");
  EXPECT_EQ(Write(absl::InfiniteDuration()), "200 alive");
  const Stats stats = transport_->Snapshot();
  EXPECT_EQ(stats.silences, 1);
  EXPECT_EQ(stats.connections_closed_for_silence, kSiblings - 1);
}

// Two requests at a time, so that two connections exist. The server does not answer "/lost", and
// answers "/beside" when "/lost" has arrived.
TEST_P(SilenceTest, ASiblingThatAnsweredSinceIsLeft) {
  struct Seen {
    int first = 0;
    bool lost = false;
  };
  Guarded<Seen> seen;
  const auto answer = [&](const Received& request) {
    if (request.target == "/lost") {
      seen.With([](Seen& value) { value.lost = true; });
      return Silent();
    }
    if (request.target == "/first") {
      seen.With([](Seen& value) { ++value.first; });
      seen.WaitUntil([](const Seen& value) { return value.first == 2; });
    }
    if (request.target == "/beside") seen.WaitUntil([](const Seen& value) { return value.lost; });
    return Step::Reply("ok");
  };
  ScriptedServer server({.on_request = answer}, ListenOn(GetParam()));
  auto transport = MakeTransport(server, TrustingOptions());
  std::vector<Awaited> calls;
  for (int i = 0; i < 2; ++i) calls.push_back(Start(*transport, Get(server.Url("/first"))));
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");

  const Awaited beside = Start(*transport, Post(server.Url("/beside"), "{}"));
  const Awaited lost = Call(*transport, WithDeadline(Post(server.Url("/lost"), "{}"), kDeadline));
  EXPECT_EQ(Summary(lost), "deadline, sent");
  EXPECT_EQ(Summary(beside), "200 ok");
  EXPECT_EQ(transport->Snapshot().silences, 1);
  EXPECT_EQ(transport->Snapshot().connections_closed_for_silence, 0);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/next")))), "200 ok");
  EXPECT_EQ(server.connections(), 2);
}

// A deadline shorter than any answer proves nothing, even if its expiry is noticed late.
TEST_P(SilenceTest, AShortDeadlineIsNoEvidence) {
  EXPECT_EQ(Write(absl::Milliseconds(90)), "deadline, sent");
  EXPECT_EQ(transport_->Snapshot().silences, 0);
  EXPECT_EQ(transport_->Snapshot().connections_open, kSiblings - 1);
}

// A host that took over another host's address knows none of its connections.
TEST_P(SilenceTest, AResetUnderARequestCondemnsTheIdleSiblings) {
  std::vector<Script> scripts(kSiblings, {Step::HeldReply("first"), Step::ExecuteAndReset()});
  scripts.push_back({Step::Reply("alive")});
  ScriptedServer server(scripts, ListenOn(GetParam()));
  auto transport = MakeTransport(server, TrustingOptions());
  std::vector<Awaited> calls;
  for (int i = 0; i < kSiblings; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(kSiblings));
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 first");

  EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "broken, sent");
  EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 alive");
  const Stats stats = transport->Snapshot();
  EXPECT_EQ(stats.silences, 0);
  EXPECT_EQ(stats.connections_closed_for_silence, kSiblings - 1);
}

INSTANTIATE_TEST_SUITE_P(, SilenceTest, testing::Values(Wire::kPlain, Wire::kTls),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace gateway::http
