// Two gateways are restarted alternately under load, behind a client that balances between gateways
// that report SERVING: no call fails. RESTARTS sets the number of restarts; without it there are a
// few.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"

namespace gateway::load {
namespace {

using testing::IsEmpty;

constexpr double kCallsPerSecond = 300;
constexpr char kBalancing[] =
    R"({"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}})";

int Restarts() {
  const char* const given = std::getenv("RESTARTS");
  int restarts = 4;
  if (given != nullptr && !absl::SimpleAtoi(given, &restarts)) {
    ADD_FAILURE() << "RESTARTS: not a number: " << given;
  }
  return restarts;
}

// Each site has its own upstream, which shows which gateway takes the calls.
struct Site {
  CapacityUpstream upstream{{.workers = 32, .service_time = absl::Milliseconds(10)}};
  GatewayProcess gateway{{.base_url = upstream.Url(), .settings = {{"drain", {{"delay", "1s"}}}}}};

  bool WaitForCalls(int64_t count) const {
    return upstream.WaitForRequests(upstream.counters().requests + count);
  }
};

TEST(RollingRestartTest, LosesNoCall) {
  const int restarts = Restarts();
  std::array<Site, 2> sites;
  const std::string target =
      absl::StrCat("ipv4:", sites[0].gateway.address(), ",", sites[1].gateway.address());
  LoadGenerator load({.channels = {NewChannel(target, kBalancing)}, .write_percent = 50});
  load.StartOpen(kCallsPerSecond);
  for (int i = 0; i < restarts; ++i) {
    Site& site = sites[i % 2];
    // The other gateway takes calls before this one stops, as an orchestrator ensures.
    ASSERT_TRUE(sites[(i + 1) % 2].WaitForCalls(20));
    ASSERT_EQ(site.gateway.Stop(), 0);
    site.gateway.Start();
    ASSERT_TRUE(site.WaitForCalls(20));
  }
  const LoadReport report = load.Stop();
  CapacityUpstream::Counters counters = sites[0].upstream.counters();
  for (const auto& [marker, executions] : sites[1].upstream.counters().writes) {
    counters.writes[marker] += executions;
  }
  std::printf("%d restarts, %zu calls: %s; p50 %.1f ms, p99 %.1f ms\n", restarts,
              report.calls.size(), report.Summary().c_str(),
              report.Percentile(0.5, &CallRecord::any), report.Percentile(0.99, &CallRecord::any));
  EXPECT_EQ(report.Count(&CallRecord::failed), 0);
  EXPECT_THAT(Contradictions(report, counters), IsEmpty());
  EXPECT_GT(report.Rate(&CallRecord::ok), 0.9 * kCallsPerSecond);
}

}  // namespace
}  // namespace gateway::load
