// Many concurrent callers: each gets the answer to its own request.
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/messages.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

constexpr int kThreads = 16;
constexpr int kCallsPerThread = 200;

struct Expected {
  const Rpc* rpc;
  std::string request;
  std::string reply;
};

class ConcurrencyTest : public testing::Test {
 protected:
  ConcurrencyTest() : rpcs_(RpcsOf(stack_.sandbox().contract())) {
    Learn();
    stack_.sandbox().OnRequest(
        [this](const sandbox::Received& received) { return Answer(received); });
  }

  // Calls each operation once, one after the other, and stores its request and answer.
  void Learn() {
    Recorder recorder(stack_.sandbox());
    for (const Rpc& rpc : rpcs_) {
      const ReadyCall call = Ready(rpcs_, rpc.operation->id);
      const sandbox::Reply reply = JsonReply(rpc.operation->reply.status, call.sample.reply);
      recorder.Answer(reply);
      const end_to_end::Answer answer = stack_.caller().Call(rpc.path, call.bytes);
      ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
      const std::vector<Arrival> arrivals = recorder.Take();
      ASSERT_EQ(arrivals.size(), 1u);
      replies_[absl::StrCat(arrivals[0].method, " ", arrivals[0].target)] = reply;
      expected_.push_back({&rpc, call.bytes, answer.message});
    }
    stack_.sandbox().OnRequest({});
  }

  // Answers a learned request with its stored reply, and any other with the order number in its
  // path.
  std::optional<sandbox::Reply> Answer(const sandbox::Received& received) const {
    const auto found = replies_.find(absl::StrCat(received.method, " ", received.target));
    if (found != replies_.end()) return found->second;
    const std::string id = received.target.substr(received.target.rfind('/') + 1);
    return JsonReply(200, {{"id", id}});
  }

  // Makes call number `number`. Returns whether it got the right answer.
  bool Call(Caller& caller, int number) {
    if (number % 2 == 0) {
      const Expected& expected = expected_[number / 2 % expected_.size()];
      const auto answer = caller.Call(expected.rpc->path, expected.request);
      return answer.status.ok() && answer.message == expected.reply;
    }
    const std::string id = absl::StrCat(500000000000000000 + number);
    const auto answer =
        caller.Call(Method("OrdersService", "GetOrderById"),
                    Bytes("GetOrderByIdRequest", absl::StrCat("order_id: '", id, "'")));
    return answer.status.ok() && answer.message == Bytes("OrderDto", "id: '" + id + "'");
  }

  Stack stack_;
  const std::vector<Rpc> rpcs_;
  std::map<std::string, sandbox::Reply> replies_;
  std::vector<Expected> expected_;
};

TEST_F(ConcurrencyTest, EverybodyGetsTheirOwnAnswer) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &good] {
      Caller caller(stack_.gateway().port());
      for (int i = 0; i < kCallsPerThread; ++i) {
        good += Call(caller, thread * kCallsPerThread + i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::cout << "answered as they should be: " << good << "/" << kThreads * kCallsPerThread << "\n";
  EXPECT_EQ(good, kThreads * kCallsPerThread);
}

}  // namespace
}  // namespace gateway::end_to_end
