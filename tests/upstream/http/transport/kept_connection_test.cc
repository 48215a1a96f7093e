// A kept connection is either clean or closed. Bytes that arrive between two requests, or before
// the server has the whole request, are never taken for the answer to another call.

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

class KeptConnectionTest : public testing::TestWithParam<Wire> {
 protected:
  ScriptedServer& Serve(std::vector<Script> scripts) {
    server_ = std::make_unique<ScriptedServer>(std::move(scripts), ListenOn(GetParam()));
    transport_ = MakeTransport(*server_, TrustingOptions(options_));
    return *server_;
  }

  std::string Write(std::string body = "{}") {
    return Summary(Call(*transport_, Post(server_->Url("/write"), std::move(body))));
  }

  // Waits until the transport has noticed the server's action on this many idle connections.
  void AwaitEndedIdle(int64_t count) {
    const SteadyTime patience = SteadyTime::Now() + absl::Seconds(10);
    while (transport_->Snapshot().connections_ended_idle < count) {
      ASSERT_LT(SteadyTime::Now(), patience);
      std::this_thread::yield();
    }
  }

  Options options_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Http1Transport> transport_;
};

Step Unasked(absl::string_view output) {
  Step step = Step::Raw(output);
  step.read = Step::Read::kNothing;
  step.held = true;
  return step;
}

std::string Foreign() { return Step::Reply("a foreign checkout").output; }

// Extra bytes directly behind the reply, in the same packet.
TEST_P(KeptConnectionTest, AResponseTooManyBehindTheReplyIsNobodysAnswer) {
  Serve({{Step::Raw(Step::Reply("first").output + Foreign())}, {Step::Reply("second")}});
  EXPECT_EQ(Write(), "200 first");
  EXPECT_EQ(Write(), "200 second");
  EXPECT_EQ(server_->executions(), 2);
  EXPECT_EQ(server_->connections(), 2);
}

// Extra bytes that arrive while the connection is idle.
TEST_P(KeptConnectionTest, AResponseThatNobodyAskedForIsNobodysAnswer) {
  for (const std::string& unasked :
       {Foreign(), std::string("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n"),
        std::string("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
        std::string("x")}) {
    Serve({{Step::Reply("first"), Unasked(unasked)}, {Step::Reply("second")}});
    EXPECT_EQ(Write(), "200 first");
    server_->Release();
    AwaitEndedIdle(1);
    EXPECT_EQ(Write(), "200 second");
    EXPECT_EQ(server_->executions(), 2);
    EXPECT_EQ(transport_->Snapshot().connections_ended_idle, 1) << "counted twice";
  }
}

// As above, but without waiting until the transport has seen the bytes. Either the check before the
// request sees them, or the second request gets its own answer, never the foreign one.
TEST_P(KeptConnectionTest, AResponseThatCrossesWithTheRequestIsSeenBeforeItIsSent) {
  for (int round = 0; round < 50; ++round) {
    Serve({{Step::Reply("first"), Unasked(Foreign())}, {Step::Reply("second")}});
    EXPECT_EQ(Write(), "200 first");
    server_->Release();
    const std::string second = Write();
    // If the request was already being sent, no HTTP/1.1 client can tell the difference.
    if (second == "200 a foreign checkout") continue;
    EXPECT_EQ(second, "200 second");
  }
}

TEST_P(KeptConnectionTest, ABodyBehindStatus204IsNobodysAnswer) {
  Serve({{Step::Raw("HTTP/1.1 204 No Content\r\nContent-Length: 19\r\n\r\n" + Foreign())},
         {Step::Reply("second")}});
  EXPECT_EQ(Write(), "204 ");
  EXPECT_EQ(Write(), "200 second");
  EXPECT_EQ(server_->executions(), 2);
}

TEST_P(KeptConnectionTest, ABodyLongerThanItsLengthIsNobodysAnswer) {
  Serve({{Step::Raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more")},
         {Step::Reply("second")}});
  EXPECT_EQ(Write(), "200 ok");
  EXPECT_EQ(Write(), "200 second");
  EXPECT_EQ(server_->executions(), 2);
}

TEST_P(KeptConnectionTest, AnAnswerBeforeAnyRequestIsNobodysAnswer) {
  Step greeting = Step::Raw(Foreign());
  greeting.read = Step::Read::kNothing;
  Serve({{greeting, Step::Reply("second")}});
  const std::string seen = Write();
  // It is a race whether the greeting arrives before the request. If it did, nothing was sent.
  if (seen == "broken, not sent") {
    EXPECT_EQ(server_->executions(), 0);
  }
}

TEST_P(KeptConnectionTest, ClosedByTheServerWhileIdleTheNextRequestGoesElsewhere) {
  Serve({{Step::Raw(Step::Reply("first").output, Step::End::kClose)}, {Step::Reply("second")}});
  EXPECT_EQ(Write(), "200 first");
  ASSERT_TRUE(server_->WaitForAllClosed());
  EXPECT_EQ(Write(), "200 second");
  EXPECT_EQ(server_->executions(), 2);
}

// Blocks the transport's event thread, so that it does not check its sockets.
class BusyEventThread {
 public:
  explicit BusyEventThread(Transport& transport) {
    transport.Wait(SteadyTime::Now(), [this](const Result&) {
      busy_.Notify();
      over_.WaitForNotification();
    });
    busy_.WaitForNotification();
  }
  ~BusyEventThread() { over_.Notify(); }

 private:
  absl::Notification busy_, over_;
};

// One event reports both the reply and the close behind it.
TEST_P(KeptConnectionTest, ClosedByTheServerWithTheReplyItIsNotKept) {
  Serve({{Step::Reply("first"), Step::Raw(Step::Reply("second").output, Step::End::kClose)},
         {Step::Reply("third")}});
  EXPECT_EQ(Write(), "200 first");
  Awaited second;
  {
    const BusyEventThread busy(*transport_);
    second = Start(*transport_, Post(server_->Url("/write"), "{}"));
    ASSERT_TRUE(server_->WaitForAllClosed());
  }
  EXPECT_EQ(Summary(second), "200 second");
  AwaitEndedIdle(1);
  EXPECT_EQ(transport_->Snapshot().connections_open, 0);
  EXPECT_EQ(Write(), "200 third");
  EXPECT_EQ(transport_->Snapshot().connections_ended_idle, 1) << "counted twice";
}

// As above, but only TLS (close_notify) says that nothing follows.
TEST_P(KeptConnectionTest, ToldGoodbyeWithTheReplyItIsNotKept) {
  if (GetParam() == Wire::kPlain) return;
  Serve({{Step::Reply("first"), Step::Raw(Step::Reply("second").output, Step::End::kGoodbye),
          Unasked("")},
         {Step::Reply("third")}});
  EXPECT_EQ(Write(), "200 first");
  Awaited second;
  {
    const BusyEventThread busy(*transport_);
    second = Start(*transport_, Post(server_->Url("/write"), "{}"));
    // Wait until the server has reached its last step.
    while (server_->most_held() == 0) std::this_thread::yield();
  }
  EXPECT_EQ(Summary(second), "200 second");
  AwaitEndedIdle(1);
  EXPECT_EQ(transport_->Snapshot().connections_open, 0);
  EXPECT_EQ(Write(), "200 third");
}

// The sizes of the first part of a TLS record: a part of its header, the header, and more.
constexpr size_t kCuts[] = {3, 5, 6, 30};

// The first part of a foreign response waits within TLS. Its rest comes after the next request.
TEST_P(KeptConnectionTest, APartOfARecordEndsAnIdleConnection) {
  if (GetParam() == Wire::kPlain) return;
  for (const size_t cut : kCuts) {
    Step part = Unasked("");
    part.cut = cut;
    part.cut_off = Foreign();
    part.delivered = true;
    Serve({{Step::Reply("first"), part, Step::Reply("never")}, {Step::Reply("second")}});
    EXPECT_EQ(Write(), "200 first");
    server_->Release();
    AwaitEndedIdle(1);
    EXPECT_EQ(Write(), "200 second") << cut;
    EXPECT_EQ(server_->executions(), 2);
    EXPECT_EQ(server_->connections(), 2);
    EXPECT_EQ(transport_->Snapshot().connections_ended_idle, 1);
  }
}

// As above, in one piece with the reply.
TEST_P(KeptConnectionTest, APartOfARecordBehindTheReplyEndsTheConnection) {
  if (GetParam() == Wire::kPlain) return;
  for (const size_t cut : kCuts) {
    Step reply = Step::Reply("second");
    reply.cut = cut;
    reply.cut_off = Foreign();
    reply.delivered = true;
    Serve({{Step::Reply("first"), reply, Step::Reply("never")}, {Step::Reply("third")}});
    EXPECT_EQ(Write(), "200 first");
    Awaited second;
    {
      const BusyEventThread busy(*transport_);
      second = Start(*transport_, Post(server_->Url("/write"), "{}"));
      ASSERT_TRUE(server_->WaitForDeliveries(1));
    }
    EXPECT_EQ(Summary(second), "200 second");
    EXPECT_EQ(Write(), "200 third") << cut;
    EXPECT_EQ(server_->connections(), 2);
    EXPECT_EQ(transport_->Snapshot().connections_ended_idle, 1);
  }
}

TEST_P(KeptConnectionTest, ToldToCloseItIsNotUsedAgain) {
  for (const char* reply :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n"}) {
    Serve({{Step::Raw(reply)}});
    EXPECT_EQ(Write(), "200 ");
    EXPECT_EQ(Write(), "200 ");
    EXPECT_EQ(server_->connections(), 2) << reply;
  }
}

TEST_P(KeptConnectionTest, ServesSoManyRequestsAsTheOptionsSay) {
  options_.max_requests_per_connection = 2;
  Serve({{Step::Reply("ok")}});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Write(), "200 ok");
  EXPECT_EQ(server_->connections(), 3);
}

TEST_P(KeptConnectionTest, IsClosedWhenItWasIdleForTooLong) {
  options_.max_connection_idle = absl::Milliseconds(50);
  Serve({{Step::Reply("ok")}});
  EXPECT_EQ(Write(), "200 ok");
  ASSERT_TRUE(server_->WaitForAllClosed());
  EXPECT_EQ(transport_->Snapshot().connections_open, 0);
  EXPECT_EQ(Write(), "200 ok");
}

Step Early(absl::string_view reply, Step::End end) {
  Step step = Step::Raw(reply, end);
  step.read = Step::Read::kHead;
  return step;
}

constexpr char kTooLarge[] = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";

// The server answers before it has the whole body, stops reading and ends the connection.
TEST_P(KeptConnectionTest, AnEarlyAnswerCountsThoughTheConnectionEnds) {
  for (const Step::End end : {Step::End::kClose, Step::End::kKeepOpen}) {
    Serve({{Early(kTooLarge, end)}, {Step::Reply("second")}});
    EXPECT_EQ(Write(std::string(8'000'000, 'x')), "413 no");
    // The request was not sent completely, so the connection cannot be used again.
    EXPECT_EQ(Write(), "200 second");
    EXPECT_EQ(server_->connections(), 2);
  }
}

TEST_P(KeptConnectionTest, AnEarlyAnswerWithAReset) {
  // A reset discards data that the kernel has not delivered yet; the answer may be lost.
  Serve({{Early(kTooLarge, Step::End::kReset)}});
  const std::string seen = Write(std::string(8'000'000, 'x'));
  EXPECT_TRUE(seen == "413 no" || seen == "broken, sent") << seen;
}

TEST_P(KeptConnectionTest, AServerThatStopsToReadEndsAtTheDeadlineWithoutProcessorTime) {
  Step stall = Step::HeldReply("late");
  stall.read = Step::Read::kHead;
  Serve({{stall}});
  const std::clock_t before = std::clock();
  const Awaited call = Call(
      *transport_,
      WithDeadline(Post(server_->Url("/"), std::string(8'000'000, 'x')), absl::Milliseconds(500)));
  EXPECT_EQ(Summary(call), "deadline, sent");
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 0.25);
}

// A complete head with a status, then silence until the deadline.
TEST_P(KeptConnectionTest, AtTheDeadlineACompleteHeadStillSaysThatItWasRefused) {
  for (const auto& [status, seen] :
       {std::pair("422 No", "422 (cut short)"), std::pair("200 OK", "deadline, sent")}) {
    Serve({{Step::Reply("first"),
            Step::Raw(absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: 5\r\n\r\nab")),
            Step::HeldReply("")}});
    EXPECT_EQ(Write(), "200 first");  // so that connecting takes no time later
    const Awaited call =
        Call(*transport_, WithDeadline(Post(server_->Url("/"), "{}"), absl::Milliseconds(500)));
    EXPECT_EQ(Summary(call), seen);
  }
}

TEST_P(KeptConnectionTest, ARequestBeforeTheEndOfAnotherWaits) {
  options_.max_connections = 1;
  Serve({{Step::HeldReply("ok")}});
  std::vector<Awaited> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Start(*transport_, Get(server_->Url("/"))));
  ASSERT_TRUE(server_->WaitForExecutions(1));
  EXPECT_EQ(server_->executions(), 1);
  server_->Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  EXPECT_EQ(server_->connections(), 1);
}

// A stall, of the machine for example: the event thread sees the reply of the first call only after
// the second call, which waits for the connection, has expired.
TEST_P(KeptConnectionTest, ACallThatExpiredWhileItWaitedIsNeverSent) {
  options_.max_connections = 1;
  Step reply = Step::HeldReply("first");
  reply.delivered = true;
  Serve({{reply, Step::Reply("second")}});
  const Awaited first = Start(*transport_, Get(server_->Url("/first")));
  ASSERT_TRUE(server_->WaitForExecutions(1));
  const SteadyTime deadline = SteadyTime::Now() + absl::Milliseconds(200);
  Awaited expired, waiting;
  {
    const BusyEventThread busy(*transport_);
    Request late = Post(server_->Url("/late"), "{}");
    late.deadline = deadline;
    expired = Start(*transport_, std::move(late));
    waiting = Start(*transport_, Get(server_->Url("/waiting")));
    server_->Release();
    ASSERT_TRUE(server_->WaitForDeliveries(1));
    while (SteadyTime::Now() <= deadline) std::this_thread::yield();
  }
  EXPECT_EQ(Summary(first), "200 first");
  EXPECT_EQ(Summary(expired), "deadline, not sent");
  EXPECT_EQ(Summary(waiting), "200 second");
  ASSERT_EQ(server_->executions(), 2);
  EXPECT_EQ(server_->received()[1].target, "/waiting");
  EXPECT_EQ(server_->connections(), 1);
}

INSTANTIATE_TEST_SUITE_P(, KeptConnectionTest, testing::Values(Wire::kPlain, Wire::kTls),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace gateway::http
