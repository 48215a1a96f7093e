// Calls that end without a reply: deadline, cancellation, shutdown.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

Options OneConnection() {
  Options options;
  options.max_connections = 1;
  return options;
}

TEST(DeadlineTest, SendsNothingWhenItIsPast) {
  ScriptedServer server({{Step::Reply("ok")}});
  auto transport = MakeTransport(server);
  for (absl::Duration left : {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    const Awaited call = Call(*transport, WithDeadline(Get(server.Url("/")), left));
    EXPECT_EQ(Summary(call), "deadline, not sent");
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(DeadlineTest, HoldsInTheQueue) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  const Awaited first = Start(*transport, Get(server.Url("/")));
  ASSERT_TRUE(server.WaitForExecutions(1));
  const SteadyTime start = SteadyTime::Now();
  const Awaited second =
      Call(*transport, WithDeadline(Get(server.Url("/")), absl::Milliseconds(30)));
  EXPECT_EQ(Summary(second), "deadline, not sent");
  EXPECT_GE(SteadyTime::Now() - start, absl::Milliseconds(30));
  EXPECT_LT(SteadyTime::Now() - start, absl::Seconds(5));
  EXPECT_FALSE(first.IsOver());
  server.Release();
  EXPECT_EQ(Summary(first), "200 ok");
  EXPECT_EQ(server.executions(), 1);
}

TEST(DeadlineTest, EndsACallInFlightAndItsConnection) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  const Awaited call = Call(*transport, WithDeadline(Get(server.Url("/")), absl::Milliseconds(50)));
  EXPECT_EQ(Summary(call), "deadline, sent");
  EXPECT_TRUE(server.WaitForClientCloses(1));
  EXPECT_EQ(transport->Snapshot().in_flight, 0);
}

TEST(DeadlineTest, FiveMillisecondsDoNotPoisonThePool) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  for (int i = 0; i < 20; ++i) {
    const Awaited call =
        Call(*transport, WithDeadline(Get(server.Url("/")), absl::Milliseconds(5)));
    EXPECT_EQ(call.GetError().kind, Error::Kind::kDeadline);
  }
  server.Release();
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
}

TEST(CancelTest, EndsACallInFlightAtOnce) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  std::vector<absl::Duration> times;
  for (int i = 1; i <= 21; ++i) {
    Awaited call;
    const Transport::CallId id = transport->Send(Get(server.Url("/")), call.Done());
    ASSERT_TRUE(server.WaitForExecutions(i));
    const SteadyTime start = SteadyTime::Now();
    transport->Cancel(id);
    EXPECT_EQ(Summary(call), "cancelled, sent");
    ASSERT_TRUE(server.WaitForClientCloses(i));
    times.push_back(SteadyTime::Now() - start);
  }
  EXPECT_LT(MedianOf(times), absl::Milliseconds(10));
  EXPECT_EQ(transport->Snapshot().in_flight, 0);
}

TEST(CancelTest, EndsAQueuedCallAtOnce) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  const Awaited first = Start(*transport, Get(server.Url("/")));
  ASSERT_TRUE(server.WaitForExecutions(1));
  std::vector<absl::Duration> times;
  for (int i = 0; i < 21; ++i) {
    Awaited call;
    const SteadyTime start = SteadyTime::Now();
    transport->Cancel(transport->Send(Get(server.Url("/")), call.Done()));
    EXPECT_EQ(Summary(call), "cancelled, not sent");
    times.push_back(SteadyTime::Now() - start);
  }
  EXPECT_LT(MedianOf(times), absl::Milliseconds(10));
  EXPECT_EQ(transport->Snapshot().queued, 0);
  server.Release();
  EXPECT_EQ(Summary(first), "200 ok");
  EXPECT_EQ(server.executions(), 1);
}

TEST(CancelTest, DoesNothingToACallThatIsOverOrUnknown) {
  ScriptedServer server({{Step::Reply("ok")}});
  auto transport = MakeTransport(server);
  Awaited call;
  const Transport::CallId id = transport->Send(Get(server.Url("/")), call.Done());
  EXPECT_EQ(Summary(call), "200 ok");
  transport->Cancel(id);  // Awaited aborts the program if Done is called twice
  transport->Cancel(~Transport::CallId{0});
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
}

TEST(ShutdownTest, EndsOpenCalls) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  const Awaited in_flight = Start(*transport, Get(server.Url("/")));
  ASSERT_TRUE(server.WaitForExecutions(1));
  const Awaited queued = Start(*transport, Get(server.Url("/")));
  transport.reset();
  ASSERT_TRUE(in_flight.IsOver());
  ASSERT_TRUE(queued.IsOver());
  EXPECT_EQ(Summary(in_flight), "shutdown, sent");
  EXPECT_EQ(Summary(queued), "shutdown, not sent");
}

TEST(ShutdownTest, EndsCallsThatAreSentWhileItStops) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  Options options;
  options.event_loops = 3;
  auto transport = MakeTransport(server, options);
  // Each completion sends a new request, three times, on the loop with the least load.
  Awaited last[6];
  for (Awaited& done : last) {
    Transport* raw = transport.get();
    const std::string url = server.Url("/");
    raw->Send(Get(url), [raw, url, done = done.Done()](const Result&) mutable {
      raw->Send(Get(url), [raw, url, done = std::move(done)](const Result&) mutable {
        raw->Send(Get(url), std::move(done));
      });
    });
  }
  ASSERT_TRUE(server.WaitForExecutions(6));
  transport.reset();
  for (const Awaited& done : last) {
    ASSERT_TRUE(done.IsOver());
    EXPECT_EQ(Summary(done), "shutdown, not sent");
  }
}

TEST(ReentrancyTest, ADoneMaySendAndCancel) {
  ScriptedServer server({{Step::Reply("ok")}});
  auto transport = MakeTransport(server, OneConnection());
  Awaited second;
  transport->Send(Get(server.Url("/")), [&](const Result&) {
    const Transport::CallId id = transport->Send(Get(server.Url("/")), second.Done());
    transport->Cancel(id);
  });
  EXPECT_EQ(second.GetError().kind, Error::Kind::kCancelled);
}

}  // namespace
}  // namespace gateway::http
