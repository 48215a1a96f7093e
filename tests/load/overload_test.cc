// Case 39: ten times the upstream's capacity. If the environment variable OVERLOAD is set, the
// stricter bounds of a quiet host apply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/time.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"

namespace gateway::load {
namespace {

using nlohmann::json;

struct Scale {
  int workers;
  absl::Duration service_time;
  json upstream;  // of the configuration
  absl::Duration length;
};

// On a host where other programs use the processors too, a few calls are slow through no fault of
// the gateway. So by default, the bounds concern only what most calls experience.
struct Bounds {
  double goodput = 0.7;     // minimum share of the peak
  double percentile = 0.5;  // the percentile of the latency that may at most double
  double lost = 0.05;       // maximum share of failed calls after the overload
};
constexpr Bounds kOnAQuietMachine = {0.9, 0.99, 0};

bool MachineIsQuiet() { return std::getenv("OVERLOAD") != nullptr; }

void Print(const char* phase, const LoadReport& report) {
  std::printf(
      "%-10s %8.0f offered/s %7.0f OK/s   OK p50 %6.1f p99 %6.1f ms   shed p99 %6.1f ms   %s\n",
      phase, report.Rate(&CallRecord::any), report.Rate(&CallRecord::ok),
      report.Percentile(0.5, &CallRecord::ok), report.Percentile(0.99, &CallRecord::ok),
      report.Percentile(0.99, &CallRecord::shed), report.Summary().c_str());
  std::fflush(stdout);
}

void Overload(const Scale& scale) {
  const Bounds bounds = MachineIsQuiet() ? kOnAQuietMachine : Bounds{};
  CapacityUpstream upstream({.workers = scale.workers, .service_time = scale.service_time});
  GatewayProcess gateway({.base_url = upstream.Url(), .upstream = scale.upstream});
  LoadGenerator load({.channels = {NewChannel(gateway.address()), NewChannel(gateway.address())}});
  const LoadReport unloaded = load.RunOpen(upstream.capacity() / 4, scale.length / 2);
  Print("unloaded", unloaded);
  const LoadReport peak = load.RunClosed(scale.workers, scale.length);
  Print("peak", peak);
  const LoadReport whole = load.RunOpen(10 * upstream.capacity(), scale.length);
  Print("ten times", whole);
  const LoadReport overload = whole.After(absl::Seconds(1));
  Print("  settled", overload);
  const LoadReport recovered = load.RunOpen(upstream.capacity() / 4, scale.length / 2);
  Print("recovered", recovered);

  EXPECT_GE(overload.Rate(&CallRecord::ok), bounds.goodput * peak.Rate(&CallRecord::ok));
  EXPECT_LE(overload.Percentile(bounds.percentile, &CallRecord::ok),
            2 * unloaded.Percentile(bounds.percentile, &CallRecord::ok));
  // The other calls are refused quickly, and told that nothing was executed.
  EXPECT_GT(overload.Count(&CallRecord::shed), 0);
  EXPECT_EQ(whole.Count(&CallRecord::ok) + whole.Count(&CallRecord::shed),
            whole.Count(&CallRecord::any));
  EXPECT_LE(overload.Percentile(0.5, &CallRecord::shed),
            absl::ToDoubleMilliseconds(scale.service_time));
  EXPECT_LE(static_cast<double>(recovered.Count(&CallRecord::failed)),
            bounds.lost * static_cast<double>(recovered.Count(&CallRecord::any)));
  const int64_t answered = unloaded.Count(&CallRecord::ok) + peak.Count(&CallRecord::ok) +
                           whole.Count(&CallRecord::ok) + recovered.Count(&CallRecord::ok);
  EXPECT_EQ(upstream.counters().requests, answered);
  EXPECT_EQ(gateway.Stop(), 0);
}

// This is the more typical case: an upstream that handles as many concurrent calls as the pool has
// connections, and that is slower than the host.
TEST(OverloadFaults, Case39ShedsByDefault) {
  Overload({.workers = 64,
            .service_time = absl::Milliseconds(200),
            .upstream = {{"concurrency", nullptr}},
            .length = absl::Seconds(6)});
}

TEST(OverloadFaults, Case39ShedsWhatASmallUpstreamCannotTake) {
  Overload({.workers = 16,
            .service_time = absl::Milliseconds(50),
            .upstream = {{"concurrency", {{"initial", 16}, {"minimum", 8}}}},
            .length = absl::Seconds(6)});
}

// At rates that need a dedicated host: make overload.
TEST(OverloadFaults, DISABLED_Case39AtSpeedShedsByDefault) {
  Overload({.workers = 64,
            .service_time = absl::Milliseconds(50),
            .upstream = {{"concurrency", nullptr}},
            .length = absl::Seconds(10)});
}

TEST(OverloadFaults, DISABLED_Case39AtSpeedShedsWhatASmallUpstreamCannotTake) {
  Overload({.workers = 16,
            .service_time = absl::Milliseconds(20),
            .upstream = {{"concurrency", {{"initial", 16}, {"minimum", 8}}}},
            .length = absl::Seconds(10)});
}

}  // namespace
}  // namespace gateway::load
