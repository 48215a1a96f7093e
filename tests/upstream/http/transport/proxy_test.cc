// Connections through a proxy: the HTTP connection is with the upstream, and the proxy sees no
// request.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/test_proxy.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

using Kind = TestProxy::Kind;

class ProxyTest : public testing::TestWithParam<std::tuple<Kind, Wire>> {
 protected:
  Kind kind() const { return std::get<0>(GetParam()); }
  Wire wire() const { return std::get<1>(GetParam()); }

  // Uses "localhost" instead of the address, so that a name must be resolved.
  std::string Url() const {
    return absl::StrCat(wire() == Wire::kTls ? "https" : "http", "://localhost:", server_.port(),
                        "/");
  }

  std::string WriteThrough(const ProxyOptions& proxy) const {
    Options options = TrustingOptions();
    options.proxy = proxy;
    auto transport = MakeTransport(Url(), options);
    const std::string first = Summary(Call(*transport, Post(Url(), "{}")));
    // The connection is kept, like a direct one.
    EXPECT_EQ(Summary(Call(*transport, Post(Url(), "{}"))), first);
    return first;
  }

  ScriptedServer server_{{{Step::Reply("ok")}}, ListenOn(wire())};
};

TEST_P(ProxyTest, TunnelsToTheUpstreamByName) {
  const TestProxy proxy(kind(), "", server_.port());
  EXPECT_EQ(WriteThrough({.url = proxy.Url(), .user = "", .password = ""}), "200 ok");
  ASSERT_EQ(proxy.asked().size(), 1u);
  EXPECT_EQ(proxy.asked()[0], absl::StrCat("localhost:", server_.port()));
  EXPECT_EQ(server_.executions(), 2);
  EXPECT_EQ(server_.received()[0].target, "/");
}

TEST_P(ProxyTest, GivesItsNameAndPassword) {
  const TestProxy proxy(kind(), "gateway:s3cret", server_.port());
  EXPECT_EQ(WriteThrough({.url = proxy.Url(), .user = "gateway", .password = "s3cret"}), "200 ok");
  const std::string refused =
      WriteThrough({.url = proxy.Url(), .user = "gateway", .password = "wrong"});
  EXPECT_EQ(refused, "connect, not sent");
  EXPECT_EQ(server_.executions(), 2);
}

TEST_P(ProxyTest, ThatIsNotThereIsAFailureToConnect) {
  std::string url;
  {
    const TestProxy gone(kind(), "", server_.port());
    url = gone.Url();
  }
  EXPECT_EQ(WriteThrough({.url = url, .user = "", .password = ""}), "connect, not sent");
  EXPECT_EQ(server_.executions(), 0);
}

TEST_P(ProxyTest, TheEnvironmentsVariablesCountForNothing) {
  const TestProxy environments(kind(), "", server_.port());
  const TestProxy ours(kind(), "", server_.port());
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    setenv(name, environments.Url().c_str(), 1);
  }
  setenv("no_proxy", "localhost", 1);
  EXPECT_EQ(WriteThrough({}), "200 ok");
  EXPECT_EQ(WriteThrough({.url = ours.Url(), .user = "", .password = ""}), "200 ok");
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy"}) {
    unsetenv(name);
  }
  EXPECT_TRUE(environments.asked().empty());
  EXPECT_EQ(ours.asked().size(), 1u);
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Kind, Wire>>& info) {
  const auto& [kind, wire] = info.param;
  return absl::StrCat(kind == Kind::kHttp ? "Http" : "Socks5", Name(wire));
}

INSTANTIATE_TEST_SUITE_P(, ProxyTest,
                         testing::Combine(testing::Values(Kind::kHttp, Kind::kSocks5),
                                          testing::Values(Wire::kPlain, Wire::kTls)),
                         NameOf);

}  // namespace
}  // namespace gateway::http
