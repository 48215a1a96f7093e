// The metrics that a scrape shows after calls that succeeded and calls that failed.
#include "service/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "service/version.h"
#include "tests/contract/counts.h"
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
  stats.Count(absl::StatusCode::kOk, End::kOk, absl::Microseconds(100));  // a bucket's bound
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

// rate() and increase() see a first failure only if there was a 0 before it.
TEST_F(MetricsTest, BeginsTheSeriesThatMatterAtZero) {
  int good = 0;
  int streams = 0;
  int unknown_writes = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(Scrape(), '\n'))) {
    if (!absl::StartsWith(line, "rpc_server_")) continue;
    EXPECT_TRUE(absl::EndsWith(line, "} 0")) << line;
    const bool ends_well = absl::StrContains(line, R"(rpc_grpc_status_code="0",outcome="ok")");
    good += ends_well ? 1 : 0;
    streams += ends_well && absl::StrContains(line, R"(rpc_method="Stream)") ? 1 : 0;
    const bool unknown = absl::StrContains(line, R"(rpc_grpc_status_code="2",outcome="unknown")");
    unknown_writes += unknown ? 1 : 0;
    EXPECT_FALSE(unknown && absl::StrContains(line, R"(rpc_method="Get)")) << line;
  }
  const auto count = [](const char* what) {
    return static_cast<int>(contract::CountOf("paynow", what));
  };
  EXPECT_GE(streams, 15);
  EXPECT_EQ(good - streams, count("operations") + 1);  // +1: ParseEvent
  EXPECT_EQ(unknown_writes, count("writes") - 1);      // one POST only previews
}

double ValueOf(const std::string& scrape, const std::string& name) {
  for (absl::string_view line : absl::StrSplit(scrape, '\n')) {
    double value;
    if (absl::ConsumePrefix(&line, name + " ") && absl::SimpleAtod(line, &value)) return value;
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST_F(MetricsTest, TellsOfTheProcess) {
  const std::string before = Scrape();
  EXPECT_THAT(before, HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  EXPECT_THAT(before, HasSubstr(absl::StrCat(R"(gateway_build_info{version=")", kVersion,
                                             R"(",commit=")", kCommit, R"(",grpc="1.)")));
  const double resident = ValueOf(before, "process_resident_memory_bytes");
  EXPECT_GT(resident, 5e6);
  EXPECT_LT(resident, 1e9);
  EXPECT_GT(ValueOf(before, "process_virtual_memory_bytes"), resident);
  const double started = ValueOf(before, "process_start_time_seconds");
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LT(started, now + 2);  // the kernel gives its boot time in whole seconds
  EXPECT_GT(started, now - 600);
  // Both values change while the process runs.
  const std::clock_t busy_until = std::clock() + CLOCKS_PER_SEC / 5;
  while (std::clock() < busy_until) continue;
  std::vector<int> descriptors;
  for (int i = 0; i < 100; ++i) descriptors.push_back(dup(STDERR_FILENO));
  const std::string after = Scrape();
  for (const int descriptor : descriptors) close(descriptor);
  EXPECT_GT(ValueOf(after, "process_cpu_seconds_total"),
            ValueOf(before, "process_cpu_seconds_total") + 0.1);
  EXPECT_NEAR(ValueOf(after, "process_open_fds"), ValueOf(before, "process_open_fds") + 100, 20);
  EXPECT_GE(ValueOf(after, "process_max_fds"), ValueOf(after, "process_open_fds"));
}

TEST_F(MetricsTest, TellsWhatTracingDropped) {
  EXPECT_THAT(Scrape(), HasSubstr("\ngateway_log_lines_dropped_total 0\n"));
  EXPECT_THAT(Scrape(), Not(HasSubstr("gateway_traced_calls_total{")));
  config_.tracing.file = "/dev/full";
  config_.tracing.sample_ratio = 1;
  gateway_ = *Gateway::Create(config_);
  Call(kGetOrders, "{}");
  gateway_->Drain();
  EXPECT_THAT(Scrape(), HasSubstr("\ngateway_traced_calls_total{result=\"dropped\"} 1\n"));
  EXPECT_THAT(Scrape(), HasSubstr("\ngateway_traced_calls_total{result=\"written\"} 0\n"));
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
          std::string(R"(gateway_pool_connections_reused_total{upstream="paynow"} )"),
          std::string(R"(gateway_pool_connections{upstream="paynow"} )"),
          std::string(R"(gateway_pool_oldest_connection_age_seconds{upstream="paynow"} )"),
          std::string(
              R"(gateway_drift_total{kind="unknown_member",field="paynow.management.v1.OrderDto"} 1)"),
          std::string(R"(gateway_contract_info{package="paynow.management.v1",contract="20)"),
      }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  // gRPC releases a call a moment after its client has seen the end.
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
