// The wall clock steps an hour, forward or back, during calls. This program defines its own clock
// functions, which every library finds before those of the C library. The steady clock is
// unchanged.
//
// Not checked here: durations in logs and histograms, which the wall clock measures.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

// The offset of the wall clock, in seconds.
std::atomic<int64_t> step_seconds{0};

}  // namespace
}  // namespace gateway::faults

// Calls no function of the C library, since such a function could ask for the time itself.
extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += gateway::faults::step_seconds.load(std::memory_order_relaxed);
  }
  return static_cast<int>(result);
}

extern "C" int gettimeofday(timeval* now, void*) noexcept {
  timespec precise;
  const int result = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return result;
}

extern "C" time_t time(time_t* now) noexcept {
  timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != nullptr) *now = precise.tv_sec;
  return precise.tv_sec;
}

// Replaces absl::Now: Abseil reads the clock only every two seconds and counts processor cycles in
// between.
namespace absl {
ABSL_NAMESPACE_BEGIN
Time Now() {
  timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  return TimeFromTimespec(precise);
}
ABSL_NAMESPACE_END
}  // namespace absl

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

constexpr absl::Duration kSteps[] = {absl::Hours(1), -absl::Hours(1)};

class ClockFaults : public WireBench {
 protected:
  void TearDown() override {
    step_seconds = 0;
    WireBench::TearDown();
  }

  // Steps the clock from the host's real time. ServeByTheRightClock restores the real time.
  static void StepClock(absl::Duration by) {
    const absl::Time before = absl::Now();
    step_seconds = absl::ToInt64Seconds(by);
    // Checks that the libraries see the step.
    EXPECT_GT(absl::AbsDuration(absl::Now() - before), absl::Minutes(59));
    EXPECT_GT(absl::AbsDuration(absl::FromChrono(std::chrono::system_clock::now()) - before),
              absl::Minutes(59));
    EXPECT_GT(absl::AbsDuration(absl::FromTimeT(time(nullptr)) - before), absl::Minutes(59));
  }

  void ServeByTheRightClock(FaultyUpstream::React react) {
    step_seconds = 0;
    Serve(std::move(react));
  }

  std::vector<Seen> CallTogether(int count, const std::function<void()>& meanwhile) {
    std::vector<std::unique_ptr<Front::Pending>> calls;
    for (int i = 0; i < count; ++i) calls.push_back(Begin(Refund(i)));
    meanwhile();
    std::vector<Seen> seen;
    for (const auto& call : calls) seen.push_back(Await(*call));
    return seen;
  }
};

TEST_P(ClockFaults, Case46DeadlinesComeWhenTheyShould) {
  config().default_deadline = absl::Seconds(1);
  for (const absl::Duration step : kSteps) {
    for (const Operation& operation : {Read(), Refund(), Delete()}) {
      ServeByTheRightClock([](const Received&) { return Reaction{.kind = Kind::kNothing}; });
      const SteadyTime begun = SteadyTime::Now();
      const auto lost = Begin(operation, kGatewaysDeadline);
      ASSERT_TRUE(upstream().WaitForExecutions(1));
      StepClock(step);
      const Seen seen = Await(*lost);
      ExpectSeen(seen, StatusCode::kDeadlineExceeded, "unknown", "DEADLINE_EXCEEDED");
      EXPECT_GE(SteadyTime::Now() - begun, absl::Milliseconds(900));
      EXPECT_LT(SteadyTime::Now() - begun, absl::Seconds(5));

      const auto answered = Begin(operation, kGatewaysDeadline);
      ASSERT_TRUE(upstream().WaitForExecutions(2));
      StepClock(-step);
      upstream().Release();
      ExpectOk(Await(*answered));
      ExpectExecutions(2);
      ExpectFaults(2);
      ExpectAttempts(operation.kind, {{"deadline", 1}, {"2xx", 1}});
      ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
    }
  }
}

TEST_P(ClockFaults, Case46WaitsBetweenAttemptsLastAsLongAsTheyShould) {
  for (const absl::Duration step : kSteps) {
    const auto requests = std::make_shared<std::atomic<int>>(0);
    ServeByTheRightClock([=](const Received&) {
      if ((*requests)++ > 0) return Reaction::Json(R"({"id": "1"})");
      return Reaction::Status(429).With("Retry-After", "1");
    });
    const SteadyTime begun = SteadyTime::Now();
    const auto call = Begin(Read());
    ASSERT_TRUE(upstream().WaitForExecutions(1));
    StepClock(step);
    const Seen seen = Await(*call);
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 2);
    EXPECT_GE(SteadyTime::Now() - begun, absl::Seconds(1));
    EXPECT_LT(SteadyTime::Now() - begun, absl::Seconds(10));
    ExpectExecutions(2);
    ExpectFaults(1);
  }
}

TEST_P(ClockFaults, Case46TheBreakerOpensAndClosesInItsTime) {
  constexpr int kStorm = 10;
  constexpr absl::Duration kOpen = absl::Seconds(1);
  upstream_config().options.breaker = {.min_calls = kStorm, .open_time = kOpen, .probes = 1};
  for (const absl::Duration step : kSteps) {
    const auto storm = std::make_shared<std::atomic<bool>>(true);
    ServeByTheRightClock([=](const Received&) {
      return *storm ? Reaction::Status(503) : Reaction::Json(R"({"id": "1"})");
    });
    for (int i = 0; i < kStorm; ++i) {
      ExpectUnknown(Call(Refund(i)));
      // Half of the window's calls were made before the step.
      if (i == kStorm / 2) StepClock(step);
    }
    const SteadyTime opened = SteadyTime::Now();
    const Seen refused = Call(Refund());
    ExpectSeen(refused, StatusCode::kUnavailable, "not_sent", "CIRCUIT_OPEN");
    StepClock(-step);
    const Seen still = Call(Refund());
    // If the host takes longer than kOpen for this, the check proves nothing.
    if (SteadyTime::Now() - opened < kOpen) {
      ExpectSeen(still, StatusCode::kUnavailable, "not_sent", "CIRCUIT_OPEN");
    }
    *storm = false;
    StepClock(step);
    EXPECT_TRUE(Comes([this] { return Call(Refund()).ok(); })) << "it did not close again";
    ExpectFaults(kStorm);
    ExpectMetric("gateway_upstream_breaker_openings_total", {{"kind", "write"}}, 1);
    ExpectMetric("gateway_upstream_breaker_state", {{"kind", "write"}}, 0);
  }
}

TEST_P(ClockFaults, Case46TheRateLimitFillsAtItsRate) {
  upstream_config().options.rate_limit = {.calls_per_second = 0.01, .burst = 1};
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
    ExpectOk(Call(Refund()));
    StepClock(step);
    ExpectSeen(Call(Refund()), StatusCode::kResourceExhausted, "not_sent", "RATE_LIMITED");
    ExpectExecutions(1);
  }
  upstream_config().options.rate_limit = {.calls_per_second = 2, .burst = 1};
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
    ExpectOk(Call(Refund()));
    StepClock(step);
    EXPECT_TRUE(Comes([this] { return Call(Refund()).ok(); })) << "no token came";
    ExpectExecutions(2);
  }
}

TEST_P(ClockFaults, Case46TheConcurrencyLimitSeesNoHour) {
  constexpr int kCalls = 30;
  constexpr int kLimit = 40;
  upstream_config().options.limit = {
      .initial = kLimit, .minimum = 5, .maximum = 1000, .tolerance = 20, .min_samples = 10};
  // 100 ms each, so that the noise of a busy host does not matter.
  Reaction slow = Reaction::Json(R"({"id": "1"})");
  slow.slice = slow.Text().size() - 1;
  slow.pause = absl::Milliseconds(100);
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([=](const Received&) { return slow; });
    for (const Seen& seen : CallTogether(kCalls, [] {})) ExpectOk(seen);
    for (const Seen& seen : CallTogether(kCalls, [=] { StepClock(step); })) ExpectOk(seen);
    for (const Seen& seen : CallTogether(kCalls, [] {})) ExpectOk(seen);
    ExpectExecutions(3 * kCalls);
    ExpectFaults(3 * kCalls);
    EXPECT_GE(Metric("gateway_upstream_concurrency_limit", {{"kind", "write"}}), kLimit);
    ExpectMetric("gateway_upstream_shed_total", {}, 0);
  }
}

TEST_P(ClockFaults, Case46TheRetryBudgetIsNotRenewedByTheHour) {
  upstream_config().options.retry_budget = {.share = 0, .floor = 1, .window = absl::Minutes(10)};
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Status(503); });
    EXPECT_EQ(Call(Read()).attempts, 2);
    EXPECT_EQ(Call(Read()).attempts, 1);
    StepClock(step);
    EXPECT_EQ(Call(Read()).attempts, 1);
    ExpectExecutions(4);
    ExpectMetric("gateway_upstream_retries_total", {}, 1);
    ExpectMetric("gateway_upstream_retries_over_budget_total", {}, 3);
  }
  upstream_config().options.retry_budget = {.share = 0, .floor = 1, .window = absl::Seconds(1)};
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Status(503); });
    EXPECT_EQ(Call(Read()).attempts, 2);
    StepClock(step);
    EXPECT_TRUE(Comes([this] { return Call(Read()).attempts == 2; })) << "nothing came into it";
  }
}

TEST_P(ClockFaults, Case46ConnectionsAreAsOldAsTheyAre) {
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
    ExpectOk(Call(Refund(1)));
    StepClock(step);
    ExpectOk(Call(Refund(2)));
    ExpectExecutions(2);
    EXPECT_EQ(upstream().connections(), 1) << "a young connection was given up";
    EXPECT_LT(Metric("gateway_pool_oldest_connection_age_seconds"), 60);
    EXPECT_GE(Metric("gateway_pool_oldest_connection_age_seconds"), 0);
  }
  // Connections that are too old or idle too long are closed, whichever way the clock stepped.
  upstream_config().pool.max_connection_idle = absl::Milliseconds(200);
  for (const absl::Duration step : kSteps) {
    ServeByTheRightClock([](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
    ExpectOk(Call(Refund(1)));
    StepClock(step);
    EXPECT_TRUE(upstream().WaitForAllClosed()) << "an idle connection was kept";
    ExpectMetric("gateway_pool_connections", {}, 0);
    ExpectOk(Call(Refund(2)));
    EXPECT_EQ(upstream().connections(), 2);
  }
}

INSTANTIATE_TEST_SUITE_P(, ClockFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
