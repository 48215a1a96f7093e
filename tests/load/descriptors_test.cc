// Case 45: a gateway that runs out of descriptors refuses the calls that it cannot send, reports
// this, and recovers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"
#include "tests/report/report.h"

namespace gateway::load {
namespace {

using testing::IsEmpty;

// Enough for the gateway itself and a few connections.
constexpr int kDescriptors = 48;

TEST(OutOfDescriptorsFaults, Case45ShedsAndRecovers) {
#ifdef __SANITIZE_ADDRESS__
  return report::NotProduced(
      "the sanitizer opens a pipe to see whether memory may be read, and takes its failure for an "
      "error of the program");
#endif
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(100)});
  GatewayProcess gateway({.base_url = upstream.Url(), .max_descriptors = kDescriptors});
  const auto channel = NewChannel(gateway.address());
  // Without this, calls on a channel whose first attempt took too long would fail before they reach
  // the gateway.
  ASSERT_TRUE(channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(10))));
  LoadGenerator load({.channels = {channel}, .write_percent = 50});
  const int before = gateway.descriptors();

  // Each call in flight needs an upstream connection, and there are not enough descriptors for all.
  load.StartClosed(64);
  ASSERT_TRUE(upstream.WaitForRequests(100));
  const int most = gateway.descriptors();
  const LoadReport starved = load.Stop();
  std::printf("descriptors: %d, then %d of %d; %s\n", before, most, kDescriptors,
              starved.Summary().c_str());
  EXPECT_GE(most, kDescriptors - 3);
  EXPECT_GT(starved.Count(&CallRecord::ok), 0);
  EXPECT_GT(starved.Count(&CallRecord::shed), 0);
  EXPECT_EQ(starved.Count(&CallRecord::ok) + starved.Count(&CallRecord::shed),
            starved.Count(&CallRecord::any));
  EXPECT_THAT(Contradictions(starved, upstream.counters()), IsEmpty());

  const LoadReport recovered = load.RunClosed(4, absl::Seconds(5));
  std::printf("recovered: %s\n", recovered.After(absl::Seconds(4)).Summary().c_str());
  const LoadReport last = recovered.After(absl::Seconds(4));
  EXPECT_GT(last.Count(&CallRecord::ok), 0);
  EXPECT_EQ(last.Count(&CallRecord::failed), 0);
  EXPECT_EQ(gateway.Stop(), 0);
}

}  // namespace
}  // namespace gateway::load
