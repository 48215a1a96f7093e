// Upstreams that answer with a refusal or an error.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;

class StatusFaults : public WireBench {
 protected:
  static std::vector<Operation> Reads() { return {Read()}; }
  static std::vector<Operation> Writes() { return {Refund(), Delete(), CancelSubscription()}; }
  static std::vector<Operation> All() {
    std::vector<Operation> all = Writes();
    all.push_back(Read());
    return all;
  }

  static Reaction TooManyRequests(const std::string& retry_after) {
    return Reaction::Status(429).With("Retry-After", retry_after);
  }

  static absl::Duration RetryDelay(const Seen& seen) {
    if (!seen.details.retry) return -absl::InfiniteDuration();
    const auto& delay = seen.details.retry->retry_delay();
    return absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
  }
};

TEST_P(StatusFaults, Case20TooManyRequestsForASecond) {
  const auto requests = std::make_shared<std::atomic<int>>(0);
  Serve([=](const Received&) {
    return (*requests)++ == 0 ? TooManyRequests("1") : Reaction::Json(R"({"id":"1"})");
  });
  const Seen patient = Call(Read());
  ExpectOk(patient);
  EXPECT_EQ(patient.attempts, 2);
  EXPECT_GE(patient.took, absl::Seconds(1));
  ExpectExecutions(2);
  ExpectAttempts("read", {{"4xx", 1}, {"2xx", 1}});

  config().default_deadline = absl::Milliseconds(700);
  Serve([](const Received&) { return TooManyRequests("1"); });
  const Seen hurried = Call(Read(), kGatewaysDeadline);
  ExpectSeen(hurried, StatusCode::kResourceExhausted, "refused", "UPSTREAM_RATE_LIMITED");
  EXPECT_EQ(hurried.attempts, 1);
  EXPECT_EQ(RetryDelay(hurried), absl::Seconds(1));
  ExpectExecutions(1);

  for (const Seen& write : ExpectOnce(TooManyRequests("1"), Writes(), "4xx",
                                      {StatusCode::kResourceExhausted, "refused"})) {
    EXPECT_EQ(RetryDelay(write), absl::Seconds(1));
  }
}

TEST_P(StatusFaults, Case21StrangeRetryAfter) {
  const std::string soon = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                            absl::Now() + absl::Hours(2), absl::UTCTimeZone());
  const struct {
    std::string header;
    absl::Duration delay;  // RetryInfo for the caller; negative: none
    int attempts;          // of a read
  } cases[] = {
      {"3600", absl::Minutes(5), 1},
      {"99999999999999999999", absl::Minutes(5), 1},
      {"-5", -absl::InfiniteDuration(), 1},
      {"Fri, 01 Jan 2021 00:00:00 GMT", absl::ZeroDuration(), 3},
      {soon, absl::Minutes(5), 1},
      {"soon", -absl::InfiniteDuration(), 1},
      {"0x10", -absl::InfiniteDuration(), 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    for (const Operation& operation : {Read(), Refund()}) {
      Serve([=](const Received&) { return TooManyRequests(c.header); });
      const Seen seen = Call(operation);
      const int attempts = operation.kind == "read" ? c.attempts : 1;
      ExpectSeen(seen, StatusCode::kResourceExhausted, "refused", "UPSTREAM_RATE_LIMITED");
      EXPECT_EQ(RetryDelay(seen), c.delay);
      EXPECT_EQ(seen.attempts, attempts);
      EXPECT_EQ(upstream().executions(), attempts);
      ExpectFaults(attempts);
      ExpectAttempts(operation.kind, {{"4xx", attempts}});
    }
  }
}

TEST_P(StatusFaults, Case22InternalError) {
  ExpectOnce(Reaction::Status(500), All(), "5xx",
             {StatusCode::kInternal, "unknown", "UPSTREAM_ERROR"});
}

TEST_P(StatusFaults, Case23BadGatewayWithAPage) {
  for (const int status : {502, 503, 504}) {
    const std::string page =
        absl::StrCat("<!DOCTYPE html>\r\n<html><head><title>", status,
                     " Bad</title></head>\r\n<body>\x01\x1b[31m", "<h1>It is broken</h1>",
                     std::string(20000, 'x'), "</body></html>");
    Reaction reaction = Reaction::Status(status, page, "text/html").With("Retry-After", "0");
    const auto expect_sample = [&](const Seen& seen) {
      EXPECT_EQ(seen.http_status(), absl::StrCat(status));
      EXPECT_TRUE(absl::StrContains(seen.message, "It is broken")) << seen.message;
      EXPECT_LT(seen.message.size(), 300u);
      EXPECT_FALSE(absl::StrContains(seen.message, "<")) << seen.message;
      EXPECT_TRUE(std::all_of(seen.message.begin(), seen.message.end(), absl::ascii_isprint));
    };
    for (const Seen& write :
         ExpectOnce(reaction, Writes(), "5xx",
                    {StatusCode::kUnknown, "unknown", "UPSTREAM_UNAVAILABLE"})) {
      expect_sample(write);
      // RetryInfo would invite an unsafe retry of the write.
      EXPECT_FALSE(write.details.retry.has_value());
    }
    Serve([=](const Received&) { return reaction; });
    const Seen read = Call(Read());
    ExpectSeen(read, StatusCode::kUnavailable, "unknown", "UPSTREAM_UNAVAILABLE");
    EXPECT_EQ(read.attempts, 3);
    expect_sample(read);
    ExpectExecutions(3);
    ExpectAttempts("read", {{"5xx", 3}});
  }
}

TEST_P(StatusFaults, Case24StormOfUnavailable) {
  constexpr int kCalls = 200;
  constexpr int kFloor = 10;
  UpstreamOptions& options = upstream_config().options;
  options.breaker = {.min_calls = 50, .open_time = absl::Milliseconds(200), .probes = 3};
  options.retry_budget = {.share = 0.2, .floor = kFloor};
  const auto storm = std::make_shared<std::atomic<bool>>(true);
  Serve([=](const Received&) {
    return *storm ? Reaction::Status(503) : Reaction::Json(R"({"id": "1"})");
  });
  int open = 0;
  for (int i = 0; i < kCalls && open == 0; ++i) {
    const Seen seen = Call(Read(i));
    EXPECT_EQ(seen.code, StatusCode::kUnavailable);
    open += seen.reason() == "CIRCUIT_OPEN";
    if (seen.reason() == "CIRCUIT_OPEN") {
      EXPECT_EQ(seen.outcome(), "not_sent");
      EXPECT_EQ(seen.attempts, 0);
    }
    EXPECT_LE(Metric("gateway_upstream_retries_total"), kFloor + 0.2 * (i + 1));
  }
  EXPECT_EQ(open, 1) << "the breaker did not open";
  EXPECT_GE(upstream().faults(), 50);
  Saw(absl::StrCat(upstream().faults(), " executed in the storm"));
  ExpectMetric("gateway_upstream_breaker_openings_total", {{"kind", "read"}}, 1);
  EXPECT_GE(Metric("gateway_upstream_shed_total", {{"reason", "breaker"}}), 1);
  EXPECT_GE(Metric("gateway_upstream_retries_over_budget_total"), 1);
  // The breaker for writes is separate.
  ExpectSeen(Call(Refund()), StatusCode::kUnknown, "unknown", "UPSTREAM_UNAVAILABLE");
  ExpectMetric("gateway_upstream_breaker_state", {{"kind", "write"}}, 0);

  *storm = false;
  const absl::Time patience = absl::Now() + kPatience;
  while (!Call(Read()).ok() && absl::Now() < patience) absl::SleepFor(absl::Milliseconds(5));
  for (int i = 0; i < 3; ++i) ExpectOk(Call(Read()));
  ExpectMetric("gateway_upstream_breaker_state", {{"kind", "read"}}, 0);
}

TEST_P(StatusFaults, Case25BadRequestWithErrors) {
  const Reaction reaction = Reaction::Status(400, R"({
      "status": 400, "code": "validation_error", "message": "not good", "trace_id": "trace-1",
      "errors": [{"path": ["lines", "0", "quantity"], "message": "too many"},
                 {"path": ["return_url"], "message": "not a URL"}]})");
  for (const Seen& seen :
       ExpectOnce(reaction, All(), "4xx", {StatusCode::kInvalidArgument, "refused"})) {
    EXPECT_EQ(seen.details.Fields(), (std::vector<std::string>{"lines.0.quantity", "return_url"}));
    EXPECT_EQ(seen.details.Meta("upstream_code"), "validation_error");
    ASSERT_TRUE(seen.details.request.has_value());
    EXPECT_EQ(seen.details.request->request_id(), "trace-1");
    EXPECT_TRUE(absl::StrContains(seen.message, "not good")) << seen.message;
  }
}

TEST_P(StatusFaults, Case26KeyRotation) {
  const auto good_key = std::make_shared<http::Guarded<std::string>>();
  const auto rotate = [&](const std::string& key) {
    good_key->With([&](std::string& value) { value = key; });
  };
  for (const Operation& operation : All()) {
    rotate(kKey);
    WriteKey(kKey);
    Serve([=](const Received& request) {
      const std::string expected =
          absl::StrCat("APIKey ", good_key->Read([](const std::string& value) { return value; }));
      return request.Header("authorization") == expected ? Reaction::Json(R"({"id": "1"})")
                                                         : Reaction::Status(401);
    });
    ExpectOk(Call(operation));
    // The key changed at the upstream and in the file. A declined call did not happen, so it is
    // repeated with the new key.
    rotate("key-after");
    WriteKey("key-after");
    const Seen renewed = Call(operation);
    ExpectOk(renewed);
    EXPECT_EQ(renewed.attempts, 2);
    ExpectFaults(1);
    ExpectMetric("gateway_upstream_keys_renewed_total", {}, 1);
    // The key changed only at the upstream; the file has no newer key.
    rotate("key-nobody-knows");
    const Seen declined = Call(operation);
    ExpectSeen(declined, StatusCode::kUnauthenticated, "refused", "UPSTREAM_UNAUTHENTICATED");
    EXPECT_EQ(declined.attempts, 1);
    ExpectFaults(2);
    EXPECT_EQ(upstream().executions(), 4);
    ExpectAttempts(operation.kind, {{"2xx", 2}, {"4xx", 2}});
    ExpectMetric("gateway_upstream_keys_renewed_total", {}, 1);
  }
}

TEST_P(StatusFaults, Case27Declined) {
  ExpectOnce(Reaction::Status(404), All(), "4xx",
             {StatusCode::kNotFound, "refused", "UPSTREAM_NOT_FOUND"});
  ExpectOnce(Reaction::Status(409), All(), "4xx",
             {StatusCode::kAborted, "refused", "UPSTREAM_CONFLICT"});
  ExpectOnce(Reaction::Status(412), All(), "4xx",
             {StatusCode::kFailedPrecondition, "refused", "UPSTREAM_REFUSED"});
}

TEST_P(StatusFaults, Case28RedirectElsewhere) {
  const http::ScriptedServer elsewhere({{http::Step::Reply(R"({"id":"1"})")}});
  for (const int status : {301, 302, 303, 307, 308}) {
    ExpectOnce(Reaction::Status(status, "").With("Location", elsewhere.Url("/v1")), All(), "3xx",
               {StatusCode::kInternal, "unknown", "UPSTREAM_REDIRECTED"});
  }
  Finish();
  EXPECT_EQ(elsewhere.connections(), 0);
}

INSTANTIATE_TEST_SUITE_P(, StatusFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
