// Cases 41 and 42: how a planned or unplanned end of the gateway affects calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"
#include "tests/service/grpc_client.h"

namespace gateway::load {
namespace {

using testing::IsEmpty;

constexpr double kCallsPerSecond = 400;

// A client that reacts to NOT_SERVING, as a load balancer does, loses no call.
TEST(SigtermUnderLoadFaults, Case41SaysSoFirstAndEndsEveryCall) {
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(100)});
  GatewayProcess gateway(
      {.base_url = upstream.Url(), .settings = {{"drain", {{"delay", "1s"}, {"grace", "10s"}}}}});
  LoadGenerator load({.channels = {NewChannel(gateway.address())}, .write_percent = 50});
  auto watch = std::make_unique<HealthWatch>(gateway.address());
  ASSERT_TRUE(watch->NextIsServing());
  load.StartOpen(kCallsPerSecond);
  ASSERT_TRUE(upstream.WaitForRequests(400));

  gateway.Signal(SIGTERM);
  EXPECT_FALSE(watch->NextIsServing());
  watch.reset();  // otherwise the gateway would wait for it
  const uint64_t begun_when_told = load.begun();
  // The gateway still serves clients that have not reacted to NOT_SERVING yet.
  ASSERT_TRUE(upstream.WaitForRequests(static_cast<int64_t>(begun_when_told) + 100));
  const LoadReport report = load.Stop();
  EXPECT_EQ(gateway.Wait(), 0);

  std::printf("%zu calls, %llu of them after NOT_SERVING: %s\n", report.calls.size(),
              static_cast<unsigned long long>(load.begun() - begun_when_told),
              report.Summary().c_str());
  EXPECT_GE(load.begun() - begun_when_told, 100u);
  EXPECT_EQ(report.Count(&CallRecord::failed), 0);
  EXPECT_THAT(Contradictions(report, upstream.counters()), IsEmpty());
}

// A client that ignores NOT_SERVING is cut off by GOAWAY, but must not be told anything false.
TEST(SigtermUnderLoadFaults, Case41TellsNobodyWronglyWhoDoesNotHeedIt) {
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(100)});
  GatewayProcess gateway({.base_url = upstream.Url()});
  LoadGenerator load({.channels = {NewChannel(gateway.address())}, .write_percent = 50});
  load.StartOpen(kCallsPerSecond);
  ASSERT_TRUE(upstream.WaitForRequests(400));
  EXPECT_EQ(gateway.Stop(), 0);
  const LoadReport report = load.Stop();
  std::printf("%s\n", report.Summary().c_str());
  EXPECT_THAT(Contradictions(report, upstream.counters()), IsEmpty());
  // About 40 calls are in flight, and the gateway answers them. A call that reaches gRPC exactly
  // during its shutdown never reaches the gateway: gRPC ends it with CANCELLED.
  EXPECT_LT(report.Count(&CallRecord::cut_off), 5);
}

// Row 53 of the fault matrix. The write is in progress at the upstream the whole time.
TEST(SignalFaults, Case53SignalsThatMeanNothingHereEndNothing) {
  CapacityUpstream upstream({.service_time = absl::Seconds(1)});
  GatewayProcess gateway({.base_url = upstream.Url()});
  std::thread caller([&] {
    const RpcAnswer answer =
        CallRpc(gateway.address(), "paynow.management.v1.OrdersService/RefundOrder",
                R"({"store_id": "411486491630370816", "order_id": "1", "body": {}})");
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  });
  ASSERT_TRUE(upstream.WaitForRequests(1));
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ, SIGPIPE}) gateway.Signal(signal);
  caller.join();
  EXPECT_EQ(gateway.Stop(), 0);
}

// Row 54 of the fault matrix. gRPC ends the remaining streams at the end of the grace period, and
// the gateway exits.
TEST(DrainFaults, Case54AWatchOfHealthDoesNotHoldTheDrain) {
  CapacityUpstream upstream({});
  GatewayProcess gateway(
      {.base_url = upstream.Url(), .settings = {{"drain", {{"delay", "0s"}, {"grace", "1s"}}}}});
  HealthWatch watch(gateway.address());
  ASSERT_TRUE(watch.NextIsServing());
  const absl::Time begun = absl::Now();
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait(), 0);
  // One second for the abort, and one for a busy host.
  EXPECT_LT(absl::Now() - begun, absl::Seconds(3));
}

TEST(SigkillDuringWritesFaults, Case42TheRestartRepeatsNothing) {
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(100)});
  GatewayProcess gateway({.base_url = upstream.Url()});
  LoadGenerator load({.channels = {NewChannel(gateway.address())}, .write_percent = 100});
  load.StartOpen(kCallsPerSecond);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(upstream.WaitForRequests(upstream.counters().requests + 200));
    gateway.Signal(SIGKILL);
    EXPECT_EQ(gateway.Wait(), 128 + SIGKILL);
    gateway.Start();
  }
  ASSERT_TRUE(upstream.WaitForRequests(upstream.counters().requests + 200));
  const LoadReport report = load.Stop();
  std::printf("%s\n", report.Summary().c_str());
  // Writes were in flight at each kill, and none of them was executed twice.
  EXPECT_GE(report.Count(&CallRecord::failed), 3);
  EXPECT_THAT(Contradictions(report, upstream.counters()), IsEmpty());
  EXPECT_EQ(gateway.Stop(), 0);
}

}  // namespace
}  // namespace gateway::load
