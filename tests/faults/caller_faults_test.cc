// Faults of the caller: it cancels, it leaves no time, it sends invalid requests.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

class CallerFaults : public WireBench {
 protected:
  void ServeNothing() {
    Serve([](const Received&) { return Reaction{.kind = Kind::kNothing}; });
  }
};

TEST_P(CallerFaults, Case35CallerCancels) {
  constexpr int kRounds = 7;
  ServeNothing();
  std::vector<absl::Duration> times;
  int calls = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (const Operation& operation : {Read(), Refund(), Delete()}) {
      const auto call = Begin(operation);
      ASSERT_TRUE(upstream().WaitForExecutions(++calls));
      const absl::Time cancelled = absl::Now();
      call->Cancel();
      ASSERT_TRUE(upstream().WaitForLetGo(calls));
      times.push_back(absl::Now() - cancelled);
      EXPECT_EQ(Await(*call).code, StatusCode::kCancelled);
      // The call's concurrency slot is free immediately.
      ExpectMetric("gateway_upstream_calls_in_flight", {}, 0);
    }
  }
  std::sort(times.begin(), times.end());
  // A busy host may delay some threads, but not the fastest quarter. An operation that is always
  // slow fails here too.
  EXPECT_LT(times[times.size() / 4], absl::Milliseconds(10));
  Saw(absl::StrCat("ended within ", absl::FormatDuration(times[times.size() / 2]), " (median)"));
  ExpectExecutions(calls);
  ExpectFaults(calls);
  ExpectAttempts("read", {{"cancelled", kRounds}});
  ExpectAttempts("write", {{"cancelled", 2 * kRounds}});
}

TEST_P(CallerFaults, Case36DeadlineAlreadyPast) {
  config().default_deadline = absl::ZeroDuration();
  Serve([](const Received&) { return Reaction::Json(R"({"id":"1"})"); });
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    EXPECT_EQ(Call(operation, -absl::Seconds(1)).code, StatusCode::kDeadlineExceeded);
    // gRPC's own client does not send such a call. The gateway's default deadline has the same
    // effect.
    const Seen seen = Call(operation, kGatewaysDeadline);
    ExpectSeen(seen, StatusCode::kDeadlineExceeded, "not_sent", "DEADLINE_EXCEEDED");
  }
  ExpectExecutions(0);
  ExpectFaults(0);
  EXPECT_EQ(upstream().connections(), 0);
  EXPECT_GE(Metric("gateway_upstream_attempts_total", {{"result", "deadline"}}), 3);
  ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
}

TEST_P(CallerFaults, Case37VeryShortDeadlines) {
  constexpr int kCalls = 60;
  const std::string slow = absl::StrCat("/", 500000000000000000 + 1);
  Serve([=](const Received& request) {
    const bool stalls = request.target.find(slow) != std::string::npos;
    return stalls ? Reaction{.kind = Kind::kNothing} : Reaction::Json(R"({"id":"1"})");
  });
  ExpectOk(Call(Read(2)));
  absl::Duration longest;
  for (int i = 0; i < kCalls; ++i) {
    const Seen seen = Call(i % 2 == 0 ? Read(1) : Refund(1), absl::Milliseconds(5));
    EXPECT_EQ(seen.code, StatusCode::kDeadlineExceeded) << seen.ToString();
    longest = std::max(longest, seen.took);
  }
  EXPECT_LT(longest, absl::Seconds(5));
  for (const Operation& operation : {Read(2), Refund(2), Delete(2)}) {
    const Seen seen = Call(operation);
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 1);
  }
  // A retry would show as one more execution than there were calls.
  EXPECT_LE(upstream().executions(), kCalls + 4);
  ExpectMetric("gateway_upstream_attempts_total", {{"result", "2xx"}}, 4);
}

TEST_P(CallerFaults, Case38RequestsThatAreNone) {
  config().max_request_bytes = 2000;
  Serve([](const Received&) { return Reaction::Json(R"({"id":"1"})"); });
  Operation bad_text = LargeWrite(20);
  bad_text.request[bad_text.request.rfind('n')] = '\xff';
  Operation truncated = LargeWrite(20);
  truncated.request.resize(truncated.request.size() - 5);
  for (const Operation& operation : {bad_text, truncated}) {
    ExpectSeen(Call(operation), StatusCode::kInvalidArgument, "not_sent");
  }
  if (Front::IsThroughGrpc()) {
    ExpectSeen(Call(LargeWrite(3000)), StatusCode::kResourceExhausted, "not_sent",
               "REQUEST_TOO_LARGE");
    // Above four times the limit, gRPC itself refuses the message. The gateway then sees a call
    // without a message.
    EXPECT_EQ(Call(LargeWrite(9000)).code, StatusCode::kResourceExhausted);
    ExpectMetric("rpc_server_calls_total", {{"rpc_grpc_status_code", "3"}, {"outcome", "not_sent"}},
                 3);
  }
  ExpectExecutions(0);
  ExpectFaults(0);
  EXPECT_EQ(upstream().connections(), 0);
  ExpectAttempts("write", {});
  ExpectOk(Call(LargeWrite(20)));
}

INSTANTIATE_TEST_SUITE_P(, CallerFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
