// Case 45: a gateway whose port for calls has used up its memory quota refuses calls, and serves
// again as soon as memory is free.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/report/report.h"
#include "tests/service/grpc_client.h"

namespace gateway::load {
namespace {

constexpr char kGetOrder[] = "paynow.management.v1.OrdersService/GetOrderById";
constexpr char kOrder[] = R"({"order_id": "34"})";
constexpr int64_t kQuota = int64_t{8} * 1024 * 1024;
constexpr int kCalls = 24;

TEST(OutOfMemoryQuotaFaults, Case45RefusesAndRecovers) {
  CapacityUpstream upstream({.workers = 16, .service_time = absl::Milliseconds(5)});
  GatewayProcess gateway(
      {.base_url = upstream.Url(), .settings = {{"server", {{"max_memory_bytes", kQuota}}}}});
  const grpc::Status first = CallRpc(gateway.address(), kGetOrder, kOrder).status;
  ASSERT_TRUE(first.ok()) << first.error_message();
  const uint64_t before = upstream.counters().requests;

  // Each request takes a third of the quota, and none is forwarded: the ID is invalid.
  const std::string large =
      absl::StrCat(R"({"order_id": ")", std::string(kQuota / 3, '1'), R"("})");
  std::vector<std::future<RpcAnswer>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(std::async(std::launch::async,
                               [&] { return CallRpc(gateway.address(), kGetOrder, large); }));
  }
  int judged = 0;
  int refused = 0;
  for (std::future<RpcAnswer>& call : calls) {
    const grpc::StatusCode code = call.get().status.error_code();
    judged += code == grpc::StatusCode::INVALID_ARGUMENT ? 1 : 0;
    refused +=
        code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED;
  }
  EXPECT_EQ(judged + refused, kCalls);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(upstream.counters().requests, before);
  report::Saw(absl::StrCat(refused, " of ", kCalls, " refused for lack of memory"));

  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(CallRpc(gateway.address(), kGetOrder, kOrder).status.ok()) << i;
  }
  EXPECT_EQ(gateway.Stop(), 0);
}

}  // namespace
}  // namespace gateway::load
