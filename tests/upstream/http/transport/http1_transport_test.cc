#include "upstream/http/http1_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Options WithConnections(int max_connections, int max_queued = 100) {
  Options options;
  options.max_connections = max_connections;
  options.max_queued = max_queued;
  return options;
}

TEST(Http1TransportTest, KeepsTheConnectionForTheNextRequest) {
  ScriptedServer server({{Step::Reply("hello", "X-Name: value\r\n")}});
  auto transport = MakeTransport(server);
  for (int i = 0; i < 20; ++i) {
    const Awaited call = Call(*transport, Get(server.Url("/a?b=c")));
    ASSERT_EQ(Summary(call), "200 hello");
    const Response& response = std::get<Response>(call.Get());
    EXPECT_EQ(response.Header("x-name"), "value");
    EXPECT_GE(response.body.capacity(), response.body.size() + kBodyPadding);
  }
  EXPECT_EQ(server.executions(), 20);
  EXPECT_EQ(server.connections(), 1);
  const Stats stats = transport->Snapshot();
  EXPECT_EQ(stats.connections_created, 1);
  EXPECT_EQ(stats.connections_reused, 19);
  EXPECT_EQ(stats.connections_open, 1);
  EXPECT_GT(stats.oldest_connection_seconds, 0);
}

int64_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// docs/configuration.md states this number. The count includes the server's end of each connection,
// which is in this process too.
TEST(Http1TransportTest, AConnectionTakesThreeDescriptorsAtMost) {
  constexpr int kConnections = 20;
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, WithConnections(kConnections + 1));
  std::vector<Awaited> calls = {Start(*transport, Get(server.Url("/")))};
  ASSERT_TRUE(server.WaitForExecutions(1));
  const int64_t before = OpenDescriptors();
  for (int i = 0; i < kConnections; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(kConnections + 1));
  const int64_t taken = OpenDescriptors() - before;
  EXPECT_LE(taken, (3 + 1) * kConnections);
  EXPECT_GE(taken, (1 + 1) * kConnections);
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
}

TEST(Http1TransportTest, WritesTheRequestAsItIs) {
  ScriptedServer server({{Step::Reply("")}});
  auto transport = MakeTransport(server);
  Request request = Post(server.Url("/a/../b?c=%2F"), R"({"d": 1})");
  request.method = Method::kPatch;
  request.headers = {"Content-Type: application/json", "X-Empty:", "X-Colon: a:"};
  ASSERT_EQ(Summary(Call(*transport, request)), "200 ");
  const Received received = server.received().front();
  EXPECT_EQ(received.method, "PATCH");
  EXPECT_EQ(received.target, "/a/../b?c=%2F");
  EXPECT_EQ(received.body, R"({"d": 1})");
  EXPECT_THAT(received.head + "\r\n",
              AllOf(HasSubstr("\r\nContent-Type: application/json\r\n"),
                    HasSubstr("\r\nX-Empty:\r\n"), HasSubstr("\r\nX-Colon: a:\r\n"),
                    HasSubstr("\r\nContent-Length: 8\r\n"), Not(HasSubstr("Expect"))));
}

TEST(Http1TransportTest, SaysLengthZeroWhereTheVerbMeansContent) {
  ScriptedServer server({{Step::Reply("")}});
  auto transport = MakeTransport(server);
  for (Method method :
       {Method::kPost, Method::kPut, Method::kPatch, Method::kGet, Method::kDelete}) {
    Request request = Get(server.Url("/"));
    request.method = method;
    ASSERT_EQ(Summary(Call(*transport, request)), "200 ");
    const Received received = server.received().back();
    EXPECT_EQ(received.method, Name(method));
    EXPECT_THAT(received.head, Not(HasSubstr("Content-Type")));
    const bool means_content = method != Method::kGet && method != Method::kDelete;
    EXPECT_EQ(received.head.find("Content-Length: 0") != std::string::npos, means_content);
  }
}

TEST(Http1TransportTest, SendsNothingOfAnEarlierRequestOnTheSameConnection) {
  ScriptedServer server({{Step::Reply("")}});
  auto transport = MakeTransport(server);
  Request with_body = Post(server.Url("/"), "secret");
  with_body.headers = {"X-Secret: 1"};
  ASSERT_EQ(Summary(Call(*transport, with_body)), "200 ");
  ASSERT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ");
  const Received second = server.received().back();
  EXPECT_EQ(second.body, "");
  EXPECT_THAT(second.head, AllOf(Not(HasSubstr("Secret")), Not(HasSubstr("Content-Length"))));
}

TEST(Http1TransportTest, KeepsToItsConnectionsAndQueuesTheRest) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, WithConnections(3));
  std::vector<Awaited> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(3));
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  EXPECT_LE(server.most_held(), 3);
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(server.executions(), 20);
}

TEST(Http1TransportTest, ServesTheQueueInOrder) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, WithConnections(1));
  std::vector<Awaited> calls;
  for (const char* path : {"/1", "/2", "/3"}) {
    calls.push_back(Start(*transport, Get(server.Url(path))));
  }
  ASSERT_TRUE(server.WaitForExecutions(1));
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  std::vector<std::string> order;
  for (const Received& received : server.received()) order.push_back(received.target);
  EXPECT_THAT(order, ElementsAre("/1", "/2", "/3"));
}

TEST(Http1TransportTest, RefusesWhatTheQueueDoesNotHold) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  auto transport = MakeTransport(server, WithConnections(2, 3));
  std::vector<Awaited> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(2));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "overloaded, not sent");
  const Stats stats = transport->Snapshot();
  EXPECT_EQ(stats.open, 5);
  EXPECT_EQ(stats.in_flight, 2);
  EXPECT_EQ(stats.queued, 3);
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
  EXPECT_EQ(server.executions(), 6);
}

TEST(Http1TransportTest, SpreadsCallsOverLoopsAndKeepsTheSumOfConnections) {
  ScriptedServer server({{Step::HeldReply("ok")}});
  Options options = WithConnections(5);
  options.event_loops = 3;
  auto transport = MakeTransport(server, options);
  std::vector<Awaited> calls;
  for (int i = 0; i < 12; ++i) calls.push_back(Start(*transport, Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitForExecutions(5));
  EXPECT_EQ(transport->Snapshot().in_flight, 5);
  server.Release();
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "200 ok");
  EXPECT_LE(server.most_held(), 5);
  EXPECT_EQ(server.connections(), 5);
}

TEST(Http1TransportTest, DropsAConnectionPastItsAge) {
  ScriptedServer server({{Step::Reply("ok")}});
  Options options;
  options.max_connection_age = absl::Seconds(1);
  auto transport = MakeTransport(server, options);
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
  EXPECT_EQ(server.connections(), 1);
  absl::SleepFor(absl::Milliseconds(1100));
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 ok");
  EXPECT_EQ(server.connections(), 2);
}

TEST(Http1TransportTest, CountsWhatItDid) {
  ScriptedServer server({{Step::Reply("ok"), Step::ExecuteAndClose()}});
  auto transport = MakeTransport(server);
  Call(*transport, Get(server.Url("/")));
  Call(*transport, Get(server.Url("/")));
  const Stats stats = transport->Snapshot();
  EXPECT_EQ(stats.open, 0);
  EXPECT_EQ(stats.queued, 0);
  EXPECT_EQ(stats.in_flight, 0);
  EXPECT_EQ(stats.connections_created, 1);
  EXPECT_EQ(stats.requests_started, 2);
  EXPECT_EQ(stats.requests_finished, 2);
}

TEST(Http1TransportTest, RefusesOptionsOutOfBounds) {
  const auto refused = [](void (*change)(Options&)) {
    Options options;
    change(options);
    return Http1Transport::Create("http://localhost", options).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused([](Options&) {}));
  EXPECT_TRUE(refused([](Options& o) { o.event_loops = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.event_loops = 257; }));
  EXPECT_TRUE(refused([](Options& o) { o.event_loops = 9, o.max_connections = 8; }));
  EXPECT_TRUE(refused([](Options& o) { o.max_connections = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.max_requests_per_connection = -1; }));
  EXPECT_TRUE(refused([](Options& o) { o.max_queued = -1; }));
  EXPECT_TRUE(refused([](Options& o) { o.connect_timeout = absl::ZeroDuration(); }));
  EXPECT_TRUE(refused([](Options& o) { o.max_connection_age = absl::ZeroDuration(); }));
  EXPECT_TRUE(refused([](Options& o) { o.max_connection_idle = -absl::Seconds(1); }));
  EXPECT_TRUE(refused([](Options& o) { o.tls.certificate = "a certificate without its key"; }));
  EXPECT_TRUE(refused([](Options& o) { o.proxy.url = "proxy:3128"; }));
  EXPECT_TRUE(refused([](Options& o) { o.proxy.url = "http://user:password@proxy:3128"; }));
}

}  // namespace
}  // namespace gateway::http
