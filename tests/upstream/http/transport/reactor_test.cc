// One reactor whose surroundings misbehave: the system refuses threads, or the upstream ends a
// connection at the worst moment. This program defines its own epoll_ctl, which the poller finds
// before the C library's.

#include "upstream/http/reactor.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/upstream/http/guarded.h"
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

// Runs when the poller watches a new connection, on the thread that has made the connection.
Guarded<std::function<void()>>& AfterWatching() {
  static auto* const action = new Guarded<std::function<void()>>;
  return *action;
}

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

  void AwaitStat(int64_t Stats::*number, int64_t least) {
    const SteadyTime patience = SteadyTime::Now() + absl::Seconds(10);
    while (reactor_->dispatcher().Snapshot().*number < least) {
      ASSERT_LT(SteadyTime::Now(), patience);
      std::this_thread::yield();
    }
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

// The event thread hears of the end of a new connection before the thread that has made it puts it
// into the pool. No call waits for it any more.
TEST_F(ReactorTest, AConnectionThatEndedBeforeItWasPooledCostsNoCall) {
  ScriptedServer server({{Step::HeldReply("first"), Step::Reply("next")}, {Step::CloseAtOnce()}});
  options_.max_connections = 2;
  ASSERT_TRUE(Start(server).ok());
  const Awaited first = Send(Post(server.Url("/"), "{}"));
  ASSERT_TRUE(server.WaitForExecutions(1));
  AfterWatching().With([&](auto& action) {
    action = [&] {
      AwaitStat(&Stats::connections_ended_idle, 1);
      server.Release();
      AwaitStat(&Stats::requests_finished, 2);
    };
  });
  const Awaited second = Send(Post(server.Url("/"), "{}"));
  EXPECT_EQ(Summary(first), "200 first");
  EXPECT_EQ(Summary(second), "200 next");
  AwaitStat(&Stats::connections_created, 2);
  AfterWatching().With([](auto& action) { action = nullptr; });
  EXPECT_EQ(reactor_->dispatcher().Snapshot().connections_open, 1);
  EXPECT_EQ(Summary(Send(Post(server.Url("/"), "{}"))), "200 next");
  EXPECT_EQ(server.connections(), 2);
}

}  // namespace
}  // namespace gateway::http

extern "C" int epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event) {
  static const auto original =
      reinterpret_cast<decltype(&epoll_ctl)>(dlsym(RTLD_NEXT, "epoll_ctl"));
  const int result = original(epoll_fd, operation, fd, event);
  // Only connections are watched for writing.
  if (event != nullptr && (event->events & EPOLLOUT) != 0) {
    const auto action = gateway::http::AfterWatching().Read([](const auto& it) { return it; });
    if (action) action();
  }
  return result;
}
