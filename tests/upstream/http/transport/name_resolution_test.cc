// Host names that do not resolve or hang. This program defines its own getaddrinfo, which libcurl
// finds before the C library's.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <chrono>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

// Lookups of "hangs.invalid" wait here.
class Gate {
 public:
  void Pass() {
    state_.With([](State& state) { ++state.inside; });
    state_.WaitUntil([](const State& state) { return state.open; }, std::chrono::minutes(1));
    state_.With([](State& state) { --state.inside; });
  }
  void AwaitInside(int count) {
    EXPECT_TRUE(state_.WaitUntil([=](const State& state) { return state.inside == count; }));
  }
  void Set(bool value) {
    state_.With([=](State& state) { state.open = value; });
  }

 private:
  struct State {
    bool open = false;
    int inside = 0;
  };
  Guarded<State> state_;
};

Gate& TheGate() {
  static Gate* const gate = new Gate;  // lookups may outlive the test
  return *gate;
}

}  // namespace
}  // namespace gateway::http

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  const absl::string_view name = node == nullptr ? "" : node;
  if (name == "hangs.invalid") gateway::http::TheGate().Pass();
  if (absl::EndsWith(name, ".invalid")) return EAI_NONAME;
  static const auto original =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(node, service, hints, result);
}

namespace gateway::http {
namespace {

TEST(NameResolutionTest, UnknownName) {
  auto transport = MakeTransport("http://unknown.invalid/");
  EXPECT_EQ(Summary(Call(*transport, Post("http://unknown.invalid/", "{}"))), "resolve, not sent");
}

TEST(NameResolutionTest, AHangingLookupIsBoundedByTheDeadline) {
  auto transport = MakeTransport("http://hangs.invalid/");
  const Awaited hanging =
      Start(*transport, WithDeadline(Post("http://hangs.invalid/", "{}"), absl::Milliseconds(100)));
  TheGate().AwaitInside(1);
  EXPECT_EQ(Summary(hanging), "deadline, not sent");
  TheGate().Set(true);
  TheGate().AwaitInside(0);
  TheGate().Set(false);
}

TEST(NameResolutionTest, AHangingLookupIsBoundedByTheConnectTimeout) {
  Options options;
  options.connect_timeout = absl::Milliseconds(100);
  auto transport = MakeTransport("http://hangs.invalid/", options);
  const Awaited call = Call(*transport, Post("http://hangs.invalid/", "{}"));
  EXPECT_EQ(call.GetError().sent, false);
  EXPECT_EQ(Summary(call), "connect, not sent");
  TheGate().Set(true);
  TheGate().AwaitInside(0);
  TheGate().Set(false);
}

TEST(NameResolutionTest, CancelEndsAHangingLookupAtOnce) {
  auto transport = MakeTransport("http://hangs.invalid/");
  std::vector<absl::Duration> times;
  for (int i = 1; i <= 11; ++i) {
    Awaited call;
    const Transport::CallId id = transport->Send(Post("http://hangs.invalid/", "{}"), call.Done());
    TheGate().AwaitInside(i);
    const SteadyTime start = SteadyTime::Now();
    transport->Cancel(id);
    EXPECT_EQ(Summary(call), "cancelled, not sent");
    times.push_back(SteadyTime::Now() - start);
  }
  EXPECT_LT(MedianOf(times), absl::Milliseconds(10));
  TheGate().Set(true);
  TheGate().AwaitInside(0);
  TheGate().Set(false);
}

}  // namespace
}  // namespace gateway::http
