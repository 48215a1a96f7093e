// What an HTTP/2 server says of streams and sessions, and HTTP/1.1 has no words for.
#include "tests/faults/bench.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using Kind = Reaction::Kind;

constexpr Kind kUnprocessed[] = {Kind::kRefuse, Kind::kGoAwayExcluding,
                                 Kind::kGoAwayExcludingClose};

class Http2Faults : public WireBench {
 protected:
  void SetUp() override {
    if (wire() == Wire::kHttp1) NotProduced("HTTP/1.1 has neither streams nor GOAWAY");
  }

  bool IsProduced() const { return wire() == Wire::kHttp2; }

  // The request of this number, from 0, meets the fault; all others are answered.
  void ServeFaultAt(int number, const Reaction& reaction) {
    const auto requests = std::make_shared<std::atomic<int>>(0);
    Serve(
        [=](const Received&) { return (*requests)++ == number ? reaction : Reaction::Json("{}"); });
  }
};

TEST_P(Http2Faults, Case16NotProcessed) {
  if (!IsProduced()) return;
  for (const Kind kind : kUnprocessed) {
    for (const Operation& operation : {Read(), Refund(), Delete(), CancelSubscription()}) {
      for (const int number : {0, 1}) {  // on a fresh connection, and on a used one
        ServeFaultAt(number, {.kind = kind});
        if (number == 1) ExpectOk(Call(Read(2)));
        const Seen seen = Call(operation);
        ExpectOk(seen);
        EXPECT_EQ(seen.attempts, 2);
        EXPECT_EQ(upstream().executions(), number + 1);
        ExpectFaults(1);
        ExpectMetric("gateway_upstream_attempts_total",
                     {{"kind", operation.kind}, {"result", "unprocessed"}}, 1);
        ExpectMetric("gateway_upstream_retries_total", {}, 1);
        ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
      }
    }
  }
}

TEST_P(Http2Faults, Case17GoAwayAfterTheStreamWasProcessed) {
  if (!IsProduced()) return;
  for (const Operation& write : {Refund(), Delete()}) {
    ServeFaultAt(0, {.kind = Kind::kGoAwayIncluding});
    const Seen seen = Call(write);
    ExpectUnknown(seen);
    EXPECT_EQ(seen.attempts, 1);
    ExpectExecutions(1);
    ExpectFaults(1);
    ExpectAttempts("write", {{"broken", 1}});
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 1);
  }
  ServeFaultAt(0, {.kind = Kind::kGoAwayIncluding});
  ExpectOk(Call(Read()));
  ExpectExecutions(2);
  ExpectAttempts("read", {{"broken", 1}, {"2xx", 1}});
  // A server that stops in good order answers what it has taken; the next call goes elsewhere.
  Reaction last = Reaction::Json("{}");
  last.kind = Kind::kGoAwayReply;
  ServeFaultAt(0, last);
  EXPECT_EQ(Call(Refund()).attempts, 1);
  ExpectOk(Call(Refund(2)));
  ExpectExecutions(2);
  EXPECT_EQ(upstream().connections(), 2);
  ExpectAttempts("write", {{"2xx", 2}});
}

TEST_P(Http2Faults, Case18RefusedForEver) {
  if (!IsProduced()) return;
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    Serve([](const Received&) { return Reaction{.kind = Kind::kRefuse}; });
    const Seen seen = Call(operation);
    ExpectSeen(seen, StatusCode::kUnavailable, "not_sent", "UPSTREAM_DID_NOT_PROCESS");
    EXPECT_EQ(seen.attempts, 3);
    ExpectExecutions(0);
    ExpectFaults(3);
    ExpectAttempts(operation.kind, {{"unprocessed", 3}});
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
  }
}

TEST_P(Http2Faults, Case19OneStreamAtATime) {
  if (!IsProduced()) return;
  constexpr int kCalls = 20;
  upstream_options().max_concurrent_streams = 1;
  upstream_config().pool.max_connections = 1;
  const auto requests = std::make_shared<std::atomic<int>>(0);
  Serve([=](const Received&) {
    return (*requests)++ == 0 ? Reaction::Json("{}") : Reaction{.kind = Kind::kNothing};
  });
  ExpectOk(Call(Read()));  // now the server's limit is known
  std::vector<std::unique_ptr<Front::Pending>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(Begin(i % 2 == 0 ? Read(i) : Refund(i)));
  ASSERT_TRUE(upstream().WaitForExecutions(2));
  ExpectMetric("gateway_pool_requests", {{"state", "open"}}, kCalls);
  EXPECT_EQ(upstream().executions(), 2) << "more than one stream at a time";
  upstream().Release();
  for (const auto& call : calls) {
    const Seen seen = Await(*call);
    ExpectOk(seen);
    EXPECT_EQ(seen.attempts, 1);
  }
  ExpectExecutions(kCalls + 1);
  EXPECT_EQ(upstream().connections(), 1);
  ExpectAttempts("write", {{"2xx", kCalls / 2}});
}

INSTANTIATE_TEST_SUITE_P(, Http2Faults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
