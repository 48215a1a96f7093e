#include "upstream/http/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/upstream/http/awaited.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway::http {
namespace {

std::unique_ptr<CurlTransport> MakeTransport(const Options& options = {}) {
  absl::StatusOr<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(options);
  if (!transport.ok()) ADD_FAILURE() << transport.status();
  return *std::move(transport);
}

TEST(CurlTransportTest, KeepsTheConnectionForTheNextRequest) {
  ScriptedServer server({{Step::Reply("hello", "X-Name: value\r\n")}});
  auto transport = MakeTransport();
  for (int i = 0; i < 20; ++i) {
    const Awaited awaited = Call(*transport, Get(server.Url("/a?b=c")));
    const Result& result = awaited.Get();
    ASSERT_TRUE(std::holds_alternative<Response>(result)) << std::get<Error>(result).message;
    const Response& response = std::get<Response>(result);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.Header("x-name"), "value");
    EXPECT_GE(response.body.capacity(), response.body.size() + kBodyPadding);
  }
  EXPECT_EQ(server.executions(), 20);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(transport->Snapshot().connections_created, 1);
}

}  // namespace
}  // namespace gateway::http
