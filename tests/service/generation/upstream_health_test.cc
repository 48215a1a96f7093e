// What the health service reports while an upstream is dead, and for which names.
#include "service/generation/upstream_health.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kRefundOf34[] = R"({"order_id": "34", "body": {}})";
constexpr char kOrders[] = "paynow.management.v1.OrdersService";
constexpr char kWebhooks[] = "gateway.webhooks.v1.WebhookService";

enum class Health { kServing = 1, kNotServing = 2, kUnknownName = 3 };

class UpstreamHealthTest : public testing::Test {
 protected:
  void Start(bool upstream_readiness) {
    config_.listen = "127.0.0.1:0";
    config_.server.health_listen = "127.0.0.1:0";
    config_.health.upstream_readiness = upstream_readiness;
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server_.Url("");
    upstream.options.default_store = "12";
    upstream.options.retry.max_attempts = 1;
    upstream.options.breaker.min_calls = 2;
    upstream.options.breaker.probes = 1;
    upstream.options.breaker.open_time = open_time_;
    upstream.api_key.file = directory_.Write("key", "secret\n");
    UpstreamConfig& other = config_.upstreams["qashier"];
    other.options.base_url = "http://127.0.0.1:1";
    other.api_key = upstream.api_key;
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  grpc::Status Call(const std::string& method, const std::string& request) {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request).status;
  }

  // Calls Health/Check as a probe does.
  Health Check(int port, const std::string& service) {
    grpc::GenericStub stub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    // HealthCheckRequest{service}
    const grpc::Slice slice(
        absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service));
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                            grpc::ByteBuffer(&slice, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer reply;
    grpc::Status status;
    call->Finish(&reply, &status, nullptr);
    void* tag;
    bool ok;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    if (!status.ok()) return Health::kUnknownName;
    grpc::Slice answer;
    EXPECT_TRUE(reply.DumpToSingleSlice(&answer).ok());
    return static_cast<Health>(answer.begin()[1]);
  }
  Health Check(const std::string& service) {
    const Health health = Check(gateway_->port(), service);
    EXPECT_EQ(Check(gateway_->health_port(), service), health) << service;
    return health;
  }

  // Polls both ports. Returns false after half a minute.
  bool Becomes(const std::string& service, Health health) {
    const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
    while (Check(gateway_->port(), service) != health ||
           Check(gateway_->health_port(), service) != health) {
      if (SteadyTime::Now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  void OpenReads() {
    for (int i = 0; i < 3; ++i) Call(kGetOrders, "{}");
  }
  void OpenWrites() {
    for (int i = 0; i < 3; ++i) Call(kRefund, kRefundOf34);
  }

  TempDir directory_;
  std::atomic<bool> up_{false};
  ScriptedServer server_{{.on_request = [this](const http::Received& request) {
    if (!up_) return Step::ExecuteAndClose();
    return Step::Reply(request.target.find("refund") == std::string::npos ? "[]" : "{}");
  }}};
  absl::Duration open_time_ = absl::Hours(1);
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(UpstreamHealthTest, TellsOfADeadUpstreamByItsNameAndItsServices) {
  Start(true);
  EXPECT_EQ(Check("paynow"), Health::kServing);
  OpenReads();
  OpenWrites();
  EXPECT_TRUE(Becomes("paynow", Health::kNotServing));
  EXPECT_TRUE(Becomes(kOrders, Health::kNotServing));
  // No other name is affected. The process itself stays healthy, because a restart would not help.
  EXPECT_EQ(Check(""), Health::kServing);
  EXPECT_EQ(Check("qashier"), Health::kServing);
  EXPECT_EQ(Check(kWebhooks), Health::kServing);
  EXPECT_EQ(Check("nobody"), Health::kUnknownName);
}

TEST_F(UpstreamHealthTest, SaysNothingOfThemUnlessAsked) {
  Start(false);
  OpenReads();
  OpenWrites();
  EXPECT_EQ(gateway_->MetricsText().find("breaker_state{upstream=\"paynow\",kind=\"read\"} 0"),
            std::string::npos);
  for (const char* name : {"", "paynow", kOrders}) EXPECT_EQ(Check(name), Health::kServing);
}

// Only calls can find out whether the upstream works again, so clients must be told to send calls.
TEST_F(UpstreamHealthTest, IsServingAgainWhenTheBreakerWouldLetACallThrough) {
  open_time_ = absl::Milliseconds(500);
  Start(true);
  OpenReads();
  EXPECT_TRUE(Becomes("paynow", Health::kNotServing));
  EXPECT_TRUE(Becomes("paynow", Health::kServing));
  up_ = true;
  EXPECT_TRUE(Call(kGetOrders, "{}").ok());
  EXPECT_EQ(Check("paynow"), Health::kServing);
}

TEST_F(UpstreamHealthTest, ADrainEndsItAll) {
  config_.drain_delay = absl::ZeroDuration();
  Start(true);
  OpenReads();
  EXPECT_TRUE(Becomes("paynow", Health::kNotServing));
  HealthWatch watch(absl::StrCat("127.0.0.1:", gateway_->port()));
  EXPECT_TRUE(watch.NextIsServing());
  std::thread drain([this] { gateway_->Drain(); });
  EXPECT_FALSE(watch.NextIsServing());
  drain.join();
}

class FakeTransport final : public http::Transport {
 public:
  using Transport::Send;
  CallId Send(std::shared_ptr<const http::Request>, Done) override { return 0; }
  CallId Wait(SteadyTime, Done) override { return 0; }
  void Cancel(CallId) override {}
};

TEST(SeemsDeadTest, GoesByBothBreakers) {
  using Verdict = resilience::CircuitBreaker::Verdict;
  const SteadyTime now = SteadyTime::Epoch() + absl::Hours(1);
  struct Case {
    int good_reads, bad_reads, good_writes, bad_writes;
    bool dead;
  };
  for (const Case& c : {Case{0, 0, 0, 0, false}, Case{9, 0, 0, 0, false}, Case{0, 9, 0, 0, true},
                        Case{0, 0, 0, 9, true}, Case{0, 9, 0, 9, true}, Case{0, 9, 9, 0, false},
                        Case{9, 0, 0, 9, false}, Case{0, 9, 0, 1, true}, Case{9, 0, 9, 0, false}}) {
    FakeTransport transport;
    UpstreamOptions options;
    options.breaker.min_calls = 2;
    Upstream upstream(options, transport, std::make_shared<UpstreamCounters>());
    const auto record = [&](resilience::Gate& gate, int calls, Verdict verdict) {
      for (int i = 0; i < calls; ++i) gate.Leave(gate.Enter(now), verdict, false, now);
    };
    const auto until_open = [&](resilience::Gate& gate, int calls) {
      for (int i = 0; i < calls; ++i) {
        const auto pass = gate.Enter(now);
        if (pass.entry == resilience::Gate::Entry::kAdmitted) {
          gate.Leave(pass, Verdict::kBad, false, now);
        }
      }
    };
    record(upstream.reads.gate, c.good_reads, Verdict::kGood);
    record(upstream.writes.gate, c.good_writes, Verdict::kGood);
    until_open(upstream.reads.gate, c.bad_reads);
    until_open(upstream.writes.gate, c.bad_writes);
    const auto what =
        absl::StrCat(c.good_reads, " ", c.bad_reads, " ", c.good_writes, " ", c.bad_writes);
    EXPECT_EQ(SeemsDead(upstream, now), c.dead) << what;
    // A minute later, the good calls are outside the window, and the breakers let calls through
    // again.
    EXPECT_FALSE(SeemsDead(upstream, now + absl::Minutes(1))) << what;
  }
}

}  // namespace
}  // namespace gateway
