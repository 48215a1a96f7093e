// One reactor whose surroundings misbehave: the system refuses threads.

#include "upstream/http/reactor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"
#include "upstream/http/curl_handle.h"

namespace gateway::http {
namespace {

// Makes threads until it is told to refuse, and then as pthread_create with EAGAIN.
class Threads {
 public:
  ThreadMaker Maker() {
    return [this](std::function<void()> run) {
      if (allowed_.fetch_sub(1) > 0) return std::thread(std::move(run));
      ++refused_;
      throw std::system_error(EAGAIN, std::generic_category());
    };
  }
  void Allow(int count) { allowed_ = count; }
  int refused() const { return refused_; }

 private:
  std::atomic<int> allowed_{1'000'000};
  std::atomic<int> refused_{0};
};

class ReactorTest : public testing::Test {
 protected:
  absl::Status Start(const ScriptedServer& server) {
    EXPECT_TRUE(InitializeCurl().ok());
    auto reactor = Reactor::Create(Origin::Parse(server.Url("/")).value(), options_, nullptr,
                                   threads_.Maker());
    if (reactor.ok()) reactor_ = *std::move(reactor);
    return reactor.status();
  }

  Awaited Send(Request request) {
    Awaited awaited;
    reactor_->dispatcher().Submit(++calls_, std::make_shared<const Request>(std::move(request)),
                                  awaited.Done());
    return awaited;
  }

  Options options_;
  Threads threads_;
  Transport::CallId calls_ = 0;
  std::unique_ptr<Reactor> reactor_;
};

TEST_F(ReactorTest, WithoutAThreadToConnectCallsEndUnsentAndLaterOnesAreMade) {
  ScriptedServer server({{Step::Reply("ok")}});
  options_.max_connections = 2;
  ASSERT_TRUE(Start(server).ok());
  threads_.Allow(0);
  for (int i = 0; i < 5; ++i) {
    const Awaited call = Send(Post(server.Url("/"), "{}"));
    EXPECT_EQ(Summary(call), "overloaded, not sent");
  }
  EXPECT_EQ(threads_.refused(), 5);
  threads_.Allow(1);
  EXPECT_EQ(Summary(Send(Post(server.Url("/"), "{}"))), "200 ok");
  EXPECT_EQ(server.executions(), 1);
}

TEST_F(ReactorTest, OneThreadMakesTheConnectionsOfAll) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  ASSERT_TRUE(Start(server).ok());
  threads_.Allow(1);
  std::vector<Awaited> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(Send(Post(server.Url("/"), "{}")));
  EXPECT_TRUE(server.WaitForExecutions(4));
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  EXPECT_EQ(server.connections(), 4);
}

TEST_F(ReactorTest, WithoutAnEventThreadThereIsNoReactor) {
  ScriptedServer server({{Step::Reply("ok")}});
  threads_.Allow(0);
  EXPECT_EQ(Start(server).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace gateway::http
