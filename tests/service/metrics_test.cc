// What a scrape shows of calls that went well and wrong.
#include "service/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using testing::HasSubstr;
using testing::Not;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kLabels[] =
    R"(rpc_service="paynow.management.v1.OrdersService",rpc_method="GetOrders")";

TEST(CallStatsTest, CountsEachCallOnceByItsBounds) {
  CallStats stats;
  using End = CallStats::End;
  stats.Count(absl::StatusCode::kOk, End::kOk, absl::Microseconds(100));  // on the bound
  stats.Count(absl::StatusCode::kOk, End::kOk, absl::Microseconds(101));
  stats.Count(absl::StatusCode::kUnknown, End::kUnknown, absl::Minutes(1));
  EXPECT_EQ(stats.calls(0, End::kOk), 2);
  EXPECT_EQ(stats.calls(2, End::kUnknown), 1);
  EXPECT_EQ(stats.calls(2, End::kNotSent), 0);
  EXPECT_EQ(stats.bucket(0), 1);
  EXPECT_EQ(stats.bucket(1), 1);
  EXPECT_EQ(stats.bucket(CallStats::kBounds.size()), 1);
  EXPECT_EQ(stats.total_time(), absl::Minutes(1) + absl::Microseconds(201));
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    config_.listen = "127.0.0.1:0";
    config_.metrics_listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server_.Url("");
    upstream.options.default_store = "12";
    upstream.options.retry.max_attempts = 1;
    upstream.api_key.file = directory_.Write("key", "secret\n");
    auto created = Gateway::Create(config_);
    EXPECT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  void Call(const std::string& method, const std::string& request) {
    CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request);
  }

  std::string Scrape() const {
    httplib::Client client("127.0.0.1", gateway_->metrics_port());
    const httplib::Result result = client.Get("/metrics");
    EXPECT_TRUE(result);
    return result ? result->body : "";
  }

  TempDir directory_;
  ScriptedServer server_{{{Step::Reply(R"([{"surprise": 1}])"), Step::ExecuteAndClose()}}};
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(MetricsTest, SpeaksOfNoCallThatWasNotMade) {
  EXPECT_THAT(Scrape(), Not(HasSubstr("rpc_service")));
}

TEST_F(MetricsTest, TellsWhatBecameOfCalls) {
  Call(kGetOrders, "{}");
  Call(kRefund, R"({"order_id": "34", "body": {}})");  // the connection ends
  Call(kRefund, R"({"order_id": "", "body": {}})");    // the gateway refuses
  const std::string text = Scrape();
  for (
      const std::string& line : {
          absl::StrCat("rpc_server_calls_total{", kLabels,
                       R"(,rpc_grpc_status_code="0",outcome="ok"} 1)"),
          absl::StrCat("rpc_server_duration_seconds_count{", kLabels, "} 1"),
          absl::StrCat("rpc_server_duration_seconds_bucket{", kLabels, R"(,le="+Inf"} 1)"),
          std::string(R"(rpc_method="RefundOrder",rpc_grpc_status_code="2",outcome="unknown"} 1)"),
          std::string(R"(rpc_method="RefundOrder",rpc_grpc_status_code="3",outcome="not_sent"} 1)"),
          std::string(
              R"(gateway_upstream_attempts_total{upstream="paynow",kind="read",result="2xx"} 1)"),
          std::string(
              R"(gateway_upstream_attempts_total{upstream="paynow",kind="write",result="broken"} 1)"),
          std::string(
              R"(gateway_upstream_outcome_unknown_total{upstream="paynow",kind="write"} 1)"),
          std::string(R"(gateway_upstream_calls_in_flight{upstream="paynow",kind="write"} 0)"),
          std::string(R"(gateway_upstream_breaker_state{upstream="paynow",kind="read"} 0)"),
          std::string(R"(gateway_pool_connections_created_total{upstream="paynow"} )"),
          std::string(
              R"(gateway_drift_total{kind="unknown_member",field="paynow.management.v1.OrderDto"} 1)"),
      }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  // gRPC lets go of a call a moment after its client has heard of its end.
  while (!absl::StrContains(Scrape(), "\ngateway_calls_in_flight 0\n")) std::this_thread::yield();
}

TEST_F(MetricsTest, NamesTheAddressThatItCannotHave) {
  config_.metrics_listen = absl::StrCat("127.0.0.1:", gateway_->metrics_port());
  EXPECT_EQ(Gateway::Create(config_).status(),
            absl::UnavailableError(
                absl::StrCat(": metrics.listen: cannot listen on ", config_.metrics_listen)));
}

}  // namespace
}  // namespace gateway
