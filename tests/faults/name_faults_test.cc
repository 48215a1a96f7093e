// Host names that do not resolve, hang, or change their address. This program defines its own
// getaddrinfo, which libcurl finds before the C library's.
#include <dlfcn.h>
#include <netdb.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/upstream/http/guarded.h"

namespace gateway::faults {
namespace {

// The address that *.test resolves to.
class Names {
 public:
  // Sets the address; "" means that the name does not resolve.
  void Set(const std::string& address) {
    state_.With([&](State& state) { state.address = address; });
  }
  void Hang(bool hangs) {
    state_.With([=](State& state) { state.hangs = hangs; });
  }

  // Called by each lookup; waits while lookups are set to hang.
  std::string LookUp() {
    state_.With([](State& state) {
      ++state.lookups;
      ++state.inside;
    });
    state_.WaitUntil([](const State& state) { return !state.hangs; }, std::chrono::minutes(1));
    return state_.With([](State& state) {
      --state.inside;
      return state.address;
    });
  }

  int lookups() const {
    return state_.Read([](const State& state) { return state.lookups; });
  }
  bool AwaitInside(int count) const {
    return state_.WaitUntil([=](const State& state) { return state.inside == count; });
  }

 private:
  struct State {
    std::string address;
    bool hangs = false;
    int lookups = 0;
    int inside = 0;
  };
  http::Guarded<State> state_;
};

Names& TheNames() {
  static Names* const names = new Names;  // lookups may outlive the test
  return *names;
}

}  // namespace
}  // namespace gateway::faults

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  static const auto original =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const absl::string_view name = node == nullptr ? "" : node;
  if (!absl::EndsWith(name, ".test")) return original(node, service, hints, result);
  const std::string address = gateway::faults::TheNames().LookUp();
  if (address.empty()) return EAI_NONAME;
  return original(address.c_str(), service, hints, result);
}

namespace gateway::faults {
namespace {

using absl::StatusCode;

class NameFaults : public WireBench {
 protected:
  NameFaults() : certificate_({.subject_alternative_name = "DNS:upstream.test"}) {
    upstream_options().host = "upstream.test";
    upstream_options().certificate = &certificate_;
    TheNames().Set("127.0.0.1");
  }

  const http::TestCertificate certificate_;
};

TEST_P(NameFaults, Case3NameDoesNotResolve) {
  Serve([](const Received&) { return Reaction::Json(R"({"id":"1"})"); });
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    TheNames().Set("");
    const int before = TheNames().lookups();
    const Seen seen = Call(operation);
    ExpectSeen(seen, StatusCode::kUnavailable, "not_sent", "UPSTREAM_NOT_RESOLVED");
    EXPECT_EQ(seen.attempts, 3);
    EXPECT_EQ(TheNames().lookups() - before, 3) << "a negative answer was kept";
    EXPECT_EQ(upstream().executions(), 0);
  }
  ExpectAttempts("read", {{"resolve", 3}});
  ExpectAttempts("write", {{"resolve", 6}});
  ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
  // The gateway uses an address as soon as one is available again.
  TheNames().Set("127.0.0.1");
  const Seen seen = Call(Refund());
  ExpectOk(seen);
  EXPECT_EQ(seen.attempts, 1);
  ExpectExecutions(1);
}

TEST_P(NameFaults, Case4NameLookupHangs) {
  TheNames().Hang(true);
  config().default_deadline = absl::Milliseconds(500);
  Serve([](const Received&) { return Reaction::Json(R"({"id":"1"})"); });
  int lookups = 0;
  for (const Operation& operation : {Read(), Refund(), Delete()}) {
    const Seen seen = Call(operation, kGatewaysDeadline);
    ExpectSeen(seen, StatusCode::kDeadlineExceeded, "not_sent", "DEADLINE_EXCEEDED");
    EXPECT_LT(seen.took, absl::Seconds(5));
    EXPECT_TRUE(TheNames().AwaitInside(++lookups));
  }
  ExpectExecutions(0);
  ExpectAttempts("read", {{"deadline", 1}});
  ExpectAttempts("write", {{"deadline", 2}});
  TheNames().Hang(false);
  EXPECT_TRUE(TheNames().AwaitInside(0));
  ExpectOk(Call(Refund()));
}

TEST_P(NameFaults, Case5AddressChanges) {
  upstream_config().pool.max_connection_age = absl::Seconds(1);
  Serve([](const Received&) { return Reaction::Json(R"({"id":"1"})"); });
  FaultyUpstream::Options there = upstream_options();
  there.listen = {.host = "127.0.0.2", .port = upstream().port()};
  auto other = std::make_unique<FaultyUpstream>(
      wire(), [](const Received&) { return Reaction::Json(R"({"id":"1"})"); }, there);
  ExpectOk(Call(Refund()));
  EXPECT_EQ(upstream().executions(), 1);

  TheNames().Set("127.0.0.2");
  const absl::Time changed = absl::Now();
  int calls = 0;
  while (other->executions() == 0 && absl::Now() < changed + absl::Seconds(10)) {
    ExpectOk(Call(Refund(++calls)));
    absl::SleepFor(absl::Milliseconds(20));
  }
  Saw(absl::StrCat("moved after ", absl::FormatDuration(absl::Now() - changed)));
  EXPECT_LT(absl::Now() - changed, absl::Seconds(3));
  const int here = upstream().executions();
  for (int i = 0; i < 5; ++i) ExpectOk(Call(Read()));
  EXPECT_EQ(upstream().executions(), here) << "some traffic stayed behind";
  EXPECT_EQ(here + other->executions(), 1 + calls + 5);
  EXPECT_GE(Metric("gateway_pool_connections_created_total"), 2);
  other = nullptr;
}

INSTANTIATE_TEST_SUITE_P(, NameFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
