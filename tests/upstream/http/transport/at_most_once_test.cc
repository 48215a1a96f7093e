// Counts executions: a request is never sent twice, however its connection ends.

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

enum class Ending { kClose, kReset };

struct Case {
  Wire wire;
  Method method;
  bool has_body;
  bool on_reused_connection;
  Ending ending;
};

Request MakeRequest(const Case& c, std::string url) {
  Request request = Get(std::move(url));
  request.method = c.method;
  request.has_body = c.has_body;
  if (c.has_body) request.body = R"({"amount": 100})";
  return request;
}

// The first connection executes the request and ends without a reply; if it is to be a reused
// connection, it first gives one good reply. Further connections answer, so that a repeated request
// would be counted.
std::vector<Script> Scripts(const Case& c) {
  Script first;
  if (c.on_reused_connection) first.push_back(Step::Reply("first"));
  first.push_back(c.ending == Ending::kClose ? Step::ExecuteAndClose() : Step::ExecuteAndReset());
  return {first, {Step::Reply("repeated")}};
}

class AtMostOnceTest : public testing::TestWithParam<std::tuple<Wire, Method, bool, bool, Ending>> {
 protected:
  Case param() const {
    return std::apply([](auto... values) { return Case{values...}; }, GetParam());
  }

  // Returns the number of requests executed before the one under test.
  int WarmUp(Transport& transport, const ScriptedServer& server) {
    if (!param().on_reused_connection) return 0;
    EXPECT_EQ(Summary(Call(transport, Get(server.Url("/first")))), "200 first");
    return 1;
  }
};

TEST_P(AtMostOnceTest, ExecutesOnce) {
  ScriptedServer server(Scripts(param()), ListenOn(param().wire));
  auto transport = MakeTransport(server, TrustingOptions());
  const int before = WarmUp(*transport, server);
  const Awaited call = Call(*transport, MakeRequest(param(), server.Url("/write")));
  EXPECT_EQ(Summary(call), "broken, sent");
  EXPECT_EQ(server.executions() - before, 1);
  EXPECT_EQ(server.connections(), 1);
}

std::string NameOf(const testing::TestParamInfo<AtMostOnceTest::ParamType>& info) {
  const auto& [wire, method, has_body, reused, ending] = info.param;
  return absl::StrCat(Name(wire), Name(method), has_body ? "Body" : "NoBody",
                      reused ? "Reused" : "Fresh", ending == Ending::kClose ? "Close" : "Reset");
}

INSTANTIATE_TEST_SUITE_P(EveryVerb, AtMostOnceTest,
                         testing::Combine(testing::Values(Wire::kPlain, Wire::kTls),
                                          testing::Values(Method::kGet, Method::kPost, Method::kPut,
                                                          Method::kPatch, Method::kDelete),
                                          testing::Bool(), testing::Bool(),
                                          testing::Values(Ending::kClose, Ending::kReset)),
                         NameOf);

TEST(AtMostOnce, DoesNotRepeatABodyThatWasCutShort) {
  ScriptedServer server(
      {{Step::Reply("first"), Step::ResetDuringRequest()}, {Step::Reply("repeated")}});
  auto transport = MakeTransport(server);
  ASSERT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 first");
  const Awaited call = Call(*transport, Post(server.Url("/"), std::string(8'000'000, 'x')));
  EXPECT_EQ(Summary(call), "broken, sent");
  EXPECT_EQ(server.executions(), 1);  // the first request's; a repeat would be the second
}

TEST(AtMostOnce, DoesNotRepeatAfterAPartOfTheReply) {
  for (const char* part : {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    ScriptedServer server(
        {{Step::Reply("first"), Step::Raw(part, Step::End::kClose)}, {Step::Reply("repeated")}});
    auto transport = MakeTransport(server);
    ASSERT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 first");
    EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "broken, sent") << part;
    EXPECT_EQ(server.executions(), 2) << part;
  }
}

TEST(AtMostOnce, SendsOnAFreshConnectionWhenTheKeptOneWasClosedMeanwhile) {
  const std::string reply = Step::Reply("first").output;
  ScriptedServer server({{Step::Raw(reply, Step::End::kClose)}, {Step::Reply("second")}});
  auto transport = MakeTransport(server);
  ASSERT_EQ(Summary(Call(*transport, Get(server.Url("/")))), "200 first");
  ASSERT_TRUE(server.WaitForAllClosed());
  EXPECT_EQ(Summary(Call(*transport, Post(server.Url("/"), "{}"))), "200 second");
  EXPECT_EQ(server.executions(), 2);
}

}  // namespace
}  // namespace gateway::http
