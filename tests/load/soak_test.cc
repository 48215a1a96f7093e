// Runs at half load with faults for a while: no resource grows, no call gets stuck, and no caller
// is told anything false. SOAK_MINUTES sets the duration; a third of it is added as warm-up.
// Without it, the test runs as long as a normal test may take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"

namespace gateway::load {
namespace {

using testing::IsEmpty;

constexpr double kMostGrowth = 0.02;
constexpr double kMostGrowthWhenSanitized = 0.5;
// The pool holds at most 64 connections. This load needs far fewer, except for a moment after a
// pause of the host, when calls accumulate. Leaked descriptors, in contrast, never return.
constexpr int kPool = 64;
constexpr int kMostMoreDescriptors = 10;
// The limit of calls in flight is larger than the pool. This limit also holds during a pause of the
// host, because memory use depends on the number of calls in flight.
constexpr int kMostInFlight = 100;
constexpr int kSamples = 30;
constexpr absl::Duration kDeadline = absl::Seconds(2);
constexpr float kMostOverdueMilliseconds = 500;

struct Sample {
  absl::Duration at;
  int64_t resident_bytes;
  int descriptors;
  int in_flight;
  uint64_t begun;
};

absl::Duration Length() {
  const char* const given = std::getenv("SOAK_MINUTES");
  double minutes = 0.25;
  if (given != nullptr && !absl::SimpleAtod(given, &minutes)) {
    ADD_FAILURE() << "SOAK_MINUTES: not a number: " << given;
  }
  return absl::Minutes(minutes);
}

uint64_t Seed() {
  const char* const given = std::getenv("SOAK_SEED");
  uint64_t seed = std::random_device()();
  if (given != nullptr && !absl::SimpleAtoi(given, &seed)) {
    ADD_FAILURE() << "SOAK_SEED: not a number: " << given;
  }
  return seed;
}

void Print(const Sample& sample) {
  std::printf("%8.0f s %12.2f MB %6d descriptors %5d in flight %10llu calls\n",
              absl::ToDoubleSeconds(sample.at), static_cast<double>(sample.resident_bytes) / 1e6,
              sample.descriptors, sample.in_flight, static_cast<unsigned long long>(sample.begun));
  std::fflush(stdout);
}

// Full concurrency for a moment, so that buffers and pools reach their maximum size.
LoadReport Burst(LoadGenerator& load, absl::Duration length) {
  LoadReport report = load.RunClosed(kMostInFlight, length);
  std::printf("burst of %.0f s: %s\n", absl::ToDoubleSeconds(length), report.Summary().c_str());
  return report;
}

// Takes samples at regular intervals after the warm-up. The warm-up is needed because the memory
// that the allocator keeps depends on the highest peaks, which come with the faults.
std::vector<Sample> Watch(const GatewayProcess& gateway, const LoadGenerator& load,
                          absl::Duration warm_up, absl::Duration length) {
  const absl::Time began = absl::Now();
  std::vector<Sample> samples;
  for (int i = 0; i <= kSamples; ++i) {
    const absl::Time due = began + warm_up + length * i / kSamples;
    std::this_thread::sleep_until(absl::ToChronoTime(due));
    samples.push_back({absl::Now() - began, gateway.resident_bytes(), gateway.descriptors(),
                       load.in_flight(), load.begun()});
    Print(samples.back());
  }
  return samples;
}

void ExpectFlat(const std::vector<Sample>& samples) {
  const Sample& first = samples.front();
  int64_t most_bytes = 0;
  int most_descriptors = 0;
  for (const Sample& sample : samples) {
    most_bytes = std::max(most_bytes, sample.resident_bytes);
    most_descriptors = std::max(most_descriptors, sample.descriptors);
  }
  const double growth =
      static_cast<double>(most_bytes) / static_cast<double>(first.resident_bytes) - 1;
  int least_at_the_end = first.descriptors + kPool;
  for (size_t i = samples.size() * 2 / 3; i < samples.size(); ++i) {
    least_at_the_end = std::min(least_at_the_end, samples[i].descriptors);
  }
  std::printf(
      "memory: at most %+.2f %% of the first sample; descriptors: %d, at most %d, at the end %d\n",
      growth * 100, first.descriptors, most_descriptors, least_at_the_end);
  EXPECT_LE(growth, GatewayProcess::IsSanitized() ? kMostGrowthWhenSanitized : kMostGrowth);
  EXPECT_LE(most_descriptors, first.descriptors + kPool);
  EXPECT_LE(least_at_the_end, first.descriptors + kMostMoreDescriptors);
}

TEST(SoakTest, NothingGrowsAndNothingIsStuck) {
  const absl::Duration length = Length();
  const uint64_t seed = Seed();
  std::printf("SOAK_SEED=%llu\n", static_cast<unsigned long long>(seed));
  CapacityUpstream upstream(
      {.workers = 16, .service_time = absl::Milliseconds(20), .fault_percent = 1, .seed = seed});
  GatewayProcess gateway({.base_url = upstream.Url(), .upstream = {{"concurrency", nullptr}}});
  LoadGenerator load({.channels = {NewChannel(gateway.address()), NewChannel(gateway.address())},
                      .deadline = kDeadline,
                      .most_in_flight = kMostInFlight});

  const LoadReport first =
      Burst(load, std::clamp(length / 10, absl::Seconds(3), absl::Seconds(20)));
  load.StartOpen(upstream.capacity() / 2);
  const std::vector<Sample> samples = Watch(gateway, load, length / 3, length);
  const LoadReport report = load.Stop();
  const CapacityUpstream::Counters counters = upstream.counters();

  std::printf(
      "%s; p50 %.1f ms, p99 %.1f ms; faults: %lld close, %lld reset, %lld 500, %lld stall\n",
      report.Summary().c_str(), report.Percentile(0.5, &CallRecord::ok),
      report.Percentile(0.99, &CallRecord::ok), static_cast<long long>(counters.faults[1]),
      static_cast<long long>(counters.faults[2]), static_cast<long long>(counters.faults[3]),
      static_cast<long long>(counters.faults[4]));
  ExpectFlat(samples);
  EXPECT_EQ(load.in_flight(), 0);
  EXPECT_LT(report.MostOverdue(), kMostOverdueMilliseconds);
  EXPECT_EQ(report.Count(&CallRecord::foreign), 0);
  EXPECT_THAT(Contradictions(first, counters), IsEmpty());
  EXPECT_THAT(Contradictions(report, counters), IsEmpty());
  // The load was reached, and every kind of fault occurred.
  EXPECT_GT(report.Rate(&CallRecord::ok), 0.9 * upstream.capacity() / 2);
  for (const int64_t faults : counters.faults) EXPECT_GT(faults, 0);
  EXPECT_EQ(gateway.Stop(), 0);
}

}  // namespace
}  // namespace gateway::load
