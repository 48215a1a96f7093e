// Real servers as peers: nginx, haproxy and this project's sandbox. They close connections at any
// time, so requests and closes cross on the wire. In every case, a write is executed at most once,
// a write reported as not sent is not executed, and every answer belongs to its write.
//
// PEER_ROUNDS sets the number of rounds (default 6).

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/left_out.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/peers/peer_process.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"
#include "tests/upstream/http/transport/write_ledger.h"
#include "upstream/sandbox/server.h"

namespace gateway::http {
namespace {

using Url = std::function<std::string(absl::string_view path)>;

constexpr int kCallers = 16;

int Rounds() {
  const char* const rounds = std::getenv("PEER_ROUNDS");
  return rounds == nullptr ? 6 : std::atoi(rounds);
}

void Pause(absl::Duration duration) {
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(duration));
}

// Sends one new write and notes its result.
void Write(Transport& transport, const Url& url, WriteLedger& ledger) {
  const std::string target = ledger.NewTarget();
  const Awaited call =
      Call(transport, WithDeadline(Post(url(target), R"({"amount": 1})"), absl::Seconds(20)));
  ledger.Note(target, call.Get());
}

// Runs caller(i) on one thread each; returns when all have ended.
template <typename Caller>
void Together(int callers, Caller caller) {
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) threads.emplace_back([&, i] { caller(i); });
  for (std::thread& thread : threads) thread.join();
}

// Each caller has its own connection, and reuses it around the moment at which the peer closes it.
// Returns the sums of all transports' statistics.
Stats CrossWithTheClose(const Url& url, WriteLedger& ledger) {
  Guarded<Stats> sum;
  Together(kCallers, [&](int caller) {
    std::minstd_rand random(caller + 1);
    std::uniform_real_distribution<double> around(-3, 5);  // milliseconds
    Options options = TrustingOptions();
    options.max_connections = 1;
    const auto transport = MakeTransport(url("/"), options);
    for (int round = 0; round <= Rounds(); ++round) {
      Write(*transport, url, ledger);
      Pause(kPeerKeepAlive + absl::Milliseconds(around(random)));
    }
    sum.With([&](Stats& stats) { stats += transport->Snapshot(); });
  });
  return sum.Read([](const Stats& stats) { return stats; });
}

// Sends calls without a pause, while `disturb` disturbs the peer from time to time.
Stats CallAllTheTime(const Url& url, WriteLedger& ledger, const std::function<void()>& disturb) {
  const auto transport = MakeTransport(url("/"), TrustingOptions());
  std::atomic<bool> over{false};
  std::thread callers([&] {
    Together(kCallers / 2, [&](int) {
      while (!over) Write(*transport, url, ledger);
    });
  });
  for (int i = 0; i < Rounds(); ++i) {
    Pause(absl::Milliseconds(300));
    disturb();
  }
  Pause(absl::Milliseconds(300));
  over = true;
  callers.join();
  return transport->Snapshot();
}

void Print(const Stats& stats) {
  std::cout << "  " << stats.connections_created << " connections made, "
            << stats.connections_reused << " writes answered on kept ones, "
            << stats.connections_ended_idle << " kept ones found ended\n";
}

// A server that answers each write with its target, behind a peer.
class PeersTest : public testing::TestWithParam<std::tuple<Peer::Kind, Wire>> {
 protected:
  Peer::Kind kind() const { return std::get<0>(GetParam()); }
  std::string Title() const {
    return absl::StrCat(Name(kind()), ", ", Name(std::get<1>(GetParam())));
  }

  bool IsInstalled() {
    if (Peer::IsInstalled(kind())) return true;
    LeaveOut(absl::StrCat(Name(kind()), " is not installed (tools/scripts/packages-peers.txt)"));
    return false;
  }

  Url UrlOf(const Peer& peer) const {
    return [&](absl::string_view path) { return peer.Url(std::get<1>(GetParam()), path); };
  }

  WriteLedger::Executions Executions() const {
    WriteLedger::Executions executions;
    for (const Received& received : server_.received()) ++executions[received.target];
    return executions;
  }

  ScriptedServer server_{
      {.on_request = [](const Received& request) { return Step::Reply(request.target); }}};
  WriteLedger ledger_{"/write"};
};

TEST_P(PeersTest, WritesCrossWithTheEndOfIdleConnections) {
  if (!IsInstalled()) return;
  Peer peer(kind(), server_.port(), ServersCertificate());
  const Stats stats = CrossWithTheClose(UrlOf(peer), ledger_);
  const WriteLedger::Counts counts = ledger_.Settle(Executions(), Title());
  Print(stats);
  EXPECT_EQ(counts.broken_promises, 0);
  // The situation under test did occur: some connections were closed while idle, others were
  // reused.
  EXPECT_GT(stats.connections_ended_idle, 0);
  EXPECT_GT(stats.connections_reused, 0);
}

TEST_P(PeersTest, ReloadsUnderLoad) {
  if (!IsInstalled()) return;
  Peer peer(kind(), server_.port(), ServersCertificate());
  const Stats stats = CallAllTheTime(UrlOf(peer), ledger_, [&] { peer.Reload(); });
  const WriteLedger::Counts counts = ledger_.Settle(Executions(), Title());
  Print(stats);
  EXPECT_EQ(counts.broken_promises, 0);
  // On a busy host two signals may be merged.
  EXPECT_GE(peer.CountReloads(), (Rounds() + 1) / 2);
  EXPECT_GT(stats.connections_created, kCallers / 2);
  EXPECT_GT(counts.answered, 0);
}

INSTANTIATE_TEST_SUITE_P(, PeersTest,
                         testing::Combine(testing::Values(Peer::Kind::kNginx, Peer::Kind::kHaproxy),
                                          testing::Values(Wire::kPlain, Wire::kTls)),
                         [](const auto& info) {
                           return Name(std::get<0>(info.param)) + Name(std::get<1>(info.param));
                         });

// The project's sandbox closes its connections when it stops. After a start, it refuses requests
// until the test has set its answer.
TEST(SandboxAsPeer, RestartsUnderLoad) {
  Guarded<WriteLedger::Executions> executions;
  int port = 0;
  std::unique_ptr<sandbox::Sandbox> server;
  const auto start = [&] {
    absl::StatusOr<std::unique_ptr<sandbox::Sandbox>> started =
        sandbox::Sandbox::Start({.port = port});
    ASSERT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
    port = server->port();
    server->OnRequest([&](const sandbox::Received& request) {
      executions.With([&](WriteLedger::Executions& counts) { ++counts[request.target]; });
      return sandbox::Reply{200, request.target, "text/plain", {}};
    });
  };
  start();
  WriteLedger ledger("/write");
  const Url url = [&](absl::string_view path) {
    return absl::StrCat("http://127.0.0.1:", port, path);
  };
  const Stats stats = CallAllTheTime(url, ledger, [&] {
    server = nullptr;
    start();
  });
  server = nullptr;
  const WriteLedger::Counts counts = ledger.Settle(
      executions.Read([](const WriteLedger::Executions& counted) { return counted; }), "sandbox");
  Print(stats);
  EXPECT_EQ(counts.broken_promises, 0);
  EXPECT_GT(counts.answered, 0);
}

}  // namespace
}  // namespace gateway::http
