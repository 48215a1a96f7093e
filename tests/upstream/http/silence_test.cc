// A peer that goes silent without an end or a reset: one lost request is evidence against the
// connection that it was on, and against its idle siblings.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport_test_util.h"

namespace gateway::http {
namespace {

constexpr int kSiblings = 5;
constexpr absl::Duration kDeadline = absl::Milliseconds(200);

class SilenceTest : public testing::TestWithParam<Wire> {
 protected:
  // The first connections answer once, together, and are silent ever after; later ones answer.
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

  // Takes the request and says nothing, for as long as the connection lasts.
  static Step Silent() {
    Step step = Step::Raw("");
    step.read = Step::Read::kRequest;
    return step;
  }

  std::string Write() {
    return Summary(Call(*transport_, WithDeadline(Post(server_.Url("/write"), "{}"), kDeadline)));
  }

  ScriptedServer server_;
  std::unique_ptr<Http1Transport> transport_;
};

TEST_P(SilenceTest, OneLostRequestCondemnsTheIdleSiblings) {
  EXPECT_EQ(Write(), "deadline, sent");
  EXPECT_EQ(Write(), "200 alive");
  const Stats stats = transport_->Snapshot();
  EXPECT_EQ(stats.silences, 1);
  EXPECT_EQ(stats.connections_closed_for_silence, kSiblings - 1);
}

TEST_P(SilenceTest, ASiblingThatAnsweredSinceIsLeft) {
  ScriptedServer server({{Step::HeldReply("one"), Silent()},
                         {Step::HeldReply("two"), Step::Reply("two again")},
                         {Step::Reply("three")}},
                        ListenOn(GetParam()));
  Options options = TrustingOptions();
  options.max_connections = 2;
  auto transport = MakeTransport(server, options);
  std::vector<Awaited> calls;
  for (int i = 0; i < 2; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(2));
  server.Release();
  for (const Awaited& call : calls) call.Get();
  // One of two goes to the silent connection, the other one is answered meanwhile.
  const Awaited lost = Start(*transport, WithDeadline(Post(server.Url("/"), "{}"), kDeadline));
  const Awaited other = Start(*transport, WithDeadline(Post(server.Url("/"), "{}"), kDeadline));
  const std::set<std::string> seen = {Summary(lost), Summary(other)};
  EXPECT_EQ(seen, (std::set<std::string>{"200 two again", "deadline, sent"}));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 two again");
  EXPECT_EQ(transport->Snapshot().connections_closed_for_silence, 0);
}

// A deadline that is shorter than any answer proves nothing.
TEST_P(SilenceTest, AShortDeadlineIsNoEvidence) {
  const Awaited call =
      Call(*transport_, WithDeadline(Post(server_.Url("/"), "{}"), absl::Milliseconds(20)));
  EXPECT_EQ(Summary(call), "deadline, sent");
  EXPECT_EQ(transport_->Snapshot().silences, 0);
  EXPECT_EQ(transport_->Snapshot().connections_open, kSiblings - 1);
}

INSTANTIATE_TEST_SUITE_P(, SilenceTest, testing::Values(Wire::kPlain, Wire::kTls),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace gateway::http
