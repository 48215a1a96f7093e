// Calls that end without an answer: deadlines, cancellation, shutdown.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/gate.h"
#include "tests/end_to_end/support/messages.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/stack.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using http::ScriptedServer;
using http::Step;

// Much longer than any step here takes, and much shorter than the deadlines that must not matter.
constexpr absl::Duration kSoon = absl::Seconds(20);

// The gateway in front of a server that takes requests and does not answer.
class StalledTest : public testing::Test {
 protected:
  StalledTest() : server_({{Step::HeldReply(R"({"id":"1"})")}}) {}

  StackOptions Options() {
    StackOptions options;
    options.base_url = server_.Url("");
    return options;
  }

  ScriptedServer server_;
};

std::vector<Rpc> AllRpcs(Stack& stack) { return RpcsOf(stack.sandbox().contract()); }

TEST_F(StalledTest, TheCallersDeadlineEndsTheCallAndItsTransfer) {
  Stack stack(Options());
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  int closes = 0;
  for (const char* const operation : {kRead, kRefund, kDelete}) {
    const ReadyCall call = Ready(rpcs, operation);
    const absl::Time begin = absl::Now();
    const Answer answer =
        stack.caller().Call(call.rpc->path, call.bytes, begin + absl::Milliseconds(300));
    const absl::Duration taken = absl::Now() - begin;
    EXPECT_EQ(answer.status.error_code(), StatusCode::DEADLINE_EXCEEDED) << operation;
    EXPECT_GE(taken, absl::Milliseconds(240)) << operation;  // the gateway answers a little early
    EXPECT_LT(taken, kSoon) << operation;
    EXPECT_TRUE(server_.WaitForClientCloses(++closes)) << operation;
  }
}

// Keeps `count` processors busy with threads that only compute.
class BusyThreads {
 public:
  explicit BusyThreads(int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        while (!over_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~BusyThreads() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

// Starts 20 calls at once that all time out. Returns how many of them got the gateway's error
// details.
int ToldOfTwenty(Stack& stack, const ReadyCall& call, absl::Duration time) {
  std::vector<std::unique_ptr<Caller::Pending>> pending;
  const absl::Time deadline = absl::Now() + time;
  for (int i = 0; i < 20; ++i) {
    pending.push_back(stack.caller().Start(call.rpc->path, call.bytes, deadline));
  }
  int told = 0;
  for (const auto& one : pending) {
    const Answer answer = one->Await();
    EXPECT_EQ(answer.status.error_code(), StatusCode::DEADLINE_EXCEEDED);
    told += !answer.status.error_details().empty();
  }
  return told;
}

// The gateway's answer must arrive before the client's own deadline. Other load on the host may
// spoil one round, but not most rounds.
TEST_F(StalledTest, UnderLoadEveryTimeoutSaysWhatHappened) {
  Stack stack(Options());
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  const ReadyCall call = Ready(rpcs, kRefund);
  const BusyThreads busy(2);
  for (const absl::Duration time : {absl::Seconds(1), absl::Milliseconds(300),
                                    absl::Milliseconds(200), absl::Milliseconds(100)}) {
    constexpr int kRounds = 7;
    int whole = 0;
    for (int round = 0; round < kRounds && whole <= kRounds / 2; ++round) {
      const int told = ToldOfTwenty(stack, call, time);
      std::cout << told << " of 20 timeouts of " << time << " were told what happened\n";
      whole += told == 20;
    }
    EXPECT_GT(whole, kRounds / 2) << time;
  }
}

TEST_F(StalledTest, WithoutADeadlineTheDefaultHolds) {
  StackOptions options = Options();
  options.default_deadline = absl::Milliseconds(300);
  Stack stack(options);
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  for (const char* const operation : {kRead, kRefund, kDelete}) {
    const ReadyCall call = Ready(rpcs, operation);
    const absl::Time begin = absl::Now();
    const Answer answer = stack.caller().Call(call.rpc->path, call.bytes);
    EXPECT_LT(absl::Now() - begin, kSoon);
    EXPECT_EQ(answer.status.error_code(), StatusCode::DEADLINE_EXCEEDED) << operation;
    const Details details = DetailsOf(answer.status);
    EXPECT_EQ(details.info.reason(), "DEADLINE_EXCEEDED");
    EXPECT_EQ(details.Meta("outcome"), "unknown");
    EXPECT_EQ(details.Meta("operation"), call.rpc->name());
  }
}

// Expired deadlines do not affect later calls.
TEST(DeadlineTest, AShortDeadlineHurtsNobodyElse) {
  Stack stack;
  const std::string method = Method("OrdersService", "GetOrders");
  for (int i = 0; i < 60; ++i) {
    stack.caller().Call(method, "", absl::Now() + absl::Milliseconds(i % 6));
  }
  const Answer answer = stack.caller().Call(method, "");
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
}

TEST_F(StalledTest, CancellationEndsTheTransfer) {
  Stack stack(Options());
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  std::vector<absl::Duration> taken;
  int calls = 0;
  for (int round = 0; round < 10; ++round) {
    for (const char* const operation : {kRead, kRefund, kDelete}) {
      const ReadyCall call = Ready(rpcs, operation);
      const auto pending = stack.caller().Start(call.rpc->path, call.bytes);
      ASSERT_TRUE(server_.WaitForExecutions(++calls));
      const absl::Time cancelled = absl::Now();
      pending->Cancel();
      ASSERT_TRUE(server_.WaitForClientCloses(calls)) << operation;
      taken.push_back(absl::Now() - cancelled);
      EXPECT_EQ(pending->Await().status.error_code(), StatusCode::CANCELLED);
    }
  }
  std::sort(taken.begin(), taken.end());
  std::cout << "from cancel to close: median " << taken[taken.size() / 2] << ", longest "
            << taken.back() << "\n";
  EXPECT_LT(taken.back(), kSoon);
}

TEST(ShutdownTest, CallsInFlightFinishAndNewOnesAreRefused) {
  Gate gate;
  std::atomic<int> reads{0};
  Stack stack;
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  const ReadyCall slow = Ready(rpcs, kCheckout);
  const ReadyCall quick = Ready(rpcs, "Orders_GetOrders");
  stack.sandbox().OnRequest([&](const sandbox::Received& received) {
    if (received.method == "GET") {
      ++reads;
      return JsonReply(200, Json::array());
    }
    gate.Pass();
    return JsonReply(200, slow.sample.reply);
  });
  constexpr int kHeld = 20;
  Caller held_caller(stack.gateway().port());
  std::vector<std::unique_ptr<Caller::Pending>> held;
  for (int i = 0; i < kHeld; ++i) held.push_back(held_caller.Start(slow.rpc->path, slow.bytes));
  ASSERT_TRUE(gate.AwaitHeld(kHeld));

  std::thread drain([&] { stack.gateway().Drain(); });
  // At some moment the gateway stops taking new calls, on this connection and on new ones. If a
  // call crosses gRPC's GOAWAY, gRPC ends it with CANCELLED.
  StatusCode code = StatusCode::OK;
  int served = 0;
  while (code == StatusCode::OK || code == StatusCode::CANCELLED) {
    code = stack.caller().Call(quick.rpc->path, quick.bytes).status.error_code();
    served += code == StatusCode::OK;
  }
  EXPECT_EQ(code, StatusCode::UNAVAILABLE);
  Caller fresh(stack.gateway().port());
  EXPECT_EQ(fresh.Call(quick.rpc->path, quick.bytes).status.error_code(), StatusCode::UNAVAILABLE);
  for (const auto& pending : held) EXPECT_FALSE(pending->IsOver());

  gate.Open();
  for (const auto& pending : held) {
    const Answer answer = pending->Await();
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  }
  drain.join();
  EXPECT_EQ(reads, served) << "a call that was refused has been sent";
}

TEST_F(StalledTest, CallsThatOutliveTheGraceAreEnded) {
  StackOptions options = Options();
  options.drain_grace = absl::Milliseconds(200);
  Stack stack(options);
  const std::vector<Rpc> rpcs = AllRpcs(stack);
  const ReadyCall call = Ready(rpcs, kRefund);
  const auto pending = stack.caller().Start(call.rpc->path, call.bytes);
  ASSERT_TRUE(server_.WaitForExecutions(1));
  const absl::Time begin = absl::Now();
  stack.gateway().Drain();
  EXPECT_LT(absl::Now() - begin, kSoon);
  EXPECT_FALSE(pending->Await().status.ok());
  EXPECT_TRUE(server_.WaitForClientCloses(1));
}

}  // namespace
}  // namespace gateway::end_to_end
