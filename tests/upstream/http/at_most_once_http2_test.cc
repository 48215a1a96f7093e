// Counts executions over TLS and HTTP/2: a request is never executed twice, however its stream or
// its session ends; and what the server did not process is told apart from what it may have.

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "tests/upstream/http/http2_server.h"
#include "tests/upstream/http/transport_test_util.h"

namespace gateway::http {
namespace {

struct Case {
  Method method;
  bool has_body;
  bool on_reused_connection;
  Treatment treatment;
};

bool IsProcessed(Treatment treatment) {
  return treatment != Treatment::kRefuse && treatment != Treatment::kGoAwayExcluding &&
         treatment != Treatment::kGoAwayExcludingClose;
}

class AtMostOnceHttp2Test
    : public testing::TestWithParam<std::tuple<Method, bool, bool, Treatment>> {
 protected:
  Case param() const {
    return std::apply([](auto... values) { return Case{values...}; }, GetParam());
  }

  Http2Server::Script FirstScript() const {
    if (!param().on_reused_connection) return {param().treatment, Treatment::kReply};
    return {Treatment::kReply, param().treatment, Treatment::kReply};
  }

  std::unique_ptr<CurlTransport> MakeWarmTransport() {
    Options options;
    options.ca_file = certificate_.ca_file();
    auto transport = MakeTransport(options);
    if (param().on_reused_connection) {
      EXPECT_EQ(Summary(Call(*transport, Get(server_.Url()))), "200 connection 0");
      before_ = 1;
    }
    return transport;
  }

  Request MakeRequest() const {
    Request request = Get(server_.Url());
    request.method = param().method;
    request.has_body = param().has_body;
    if (request.has_body) request.body = R"({"amount": 100})";
    return request;
  }

  TestCertificate certificate_;
  Http2Server server_{certificate_, {FirstScript(), {Treatment::kReply}}};
  int before_ = 0;
};

TEST_P(AtMostOnceHttp2Test, ExecutesAtMostOnce) {
  auto transport = MakeWarmTransport();
  const Awaited call = Call(*transport, MakeRequest());
  EXPECT_EQ(Summary(call),
            IsProcessed(param().treatment) ? "broken, sent" : "unprocessed, not sent");
  EXPECT_EQ(server_.executions() - before_, IsProcessed(param().treatment) ? 1 : 0);
  EXPECT_EQ(server_.refusals(), IsProcessed(param().treatment) ? 0 : 1);
  // What libcurl would do by itself: repeat a refused stream, which is harmless, and a request
  // whose session was reset on a reused connection, which is not.
  const bool would_repeat =
      param().treatment == Treatment::kRefuse ||
      (param().treatment == Treatment::kResetSession && param().on_reused_connection);
  EXPECT_EQ(transport->Snapshot().repeats_refused, would_repeat ? 1 : 0);
}

TEST_P(AtMostOnceHttp2Test, ThePoolServesTheNextRequest) {
  auto transport = MakeWarmTransport();
  EXPECT_NE(Summary(Call(*transport, MakeRequest())).substr(0, 3), "200");
  const Awaited next = Call(*transport, MakeRequest());
  EXPECT_EQ(Summary(next).substr(0, 14), "200 connection") << Summary(next);
}

std::string NameOf(const testing::TestParamInfo<AtMostOnceHttp2Test::ParamType>& info) {
  const auto& [method, has_body, reused, treatment] = info.param;
  const char* names[] = {"Reply",        "HoldReply",       "CloseSession",
                         "ResetSession", "ResetStream",     "GoAwayIncluding",
                         "Refuse",       "GoAwayExcluding", "GoAwayExcludingClose"};
  return absl::StrCat(Name(method), has_body ? "Body" : "NoBody", reused ? "Reused" : "Fresh",
                      names[static_cast<int>(treatment)]);
}

INSTANTIATE_TEST_SUITE_P(
    EveryVerb, AtMostOnceHttp2Test,
    testing::Combine(
        testing::Values(Method::kGet, Method::kPost, Method::kPut, Method::kPatch, Method::kDelete),
        testing::Bool(), testing::Bool(),
        testing::Values(Treatment::kCloseSession, Treatment::kResetSession, Treatment::kResetStream,
                        Treatment::kGoAwayIncluding, Treatment::kRefuse,
                        Treatment::kGoAwayExcluding, Treatment::kGoAwayExcludingClose)),
    NameOf);

}  // namespace
}  // namespace gateway::http
