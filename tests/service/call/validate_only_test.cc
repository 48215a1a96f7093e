// Metadata gateway-validate-only: the gateway checks the call and sends nothing; its trailers
// describe the request that it would send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/list_reader.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kStreamOrders[] = "paynow.management.v1.OrdersService/StreamOrders";
constexpr char kTheRefund[] = R"({"order_id": "34", "body": {"order_line_id": "56"}})";
const RpcMetadata kOnly = {{"gateway-validate-only", "true"}};

class ValidateOnlyTest : public testing::Test {
 protected:
  ValidateOnlyTest() {
    config_.file = "g.json";
    config_.listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server_.Url("");
    upstream.options.default_store = "12";
    upstream.api_key.file = directory_.Write("key", "secret\n");
  }

  RpcAnswer Call(const std::string& method, const std::string& request,
                 const RpcMetadata& metadata = kOnly) {
    if (gateway_ == nullptr) {
      auto created = Gateway::Create(config_);
      EXPECT_TRUE(created.ok()) << created.status();
      gateway_ = *std::move(created);
    }
    RpcOptions options;
    options.metadata = metadata;
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request, options);
  }

  static std::string ReasonOf(const RpcAnswer& answer) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    details.ParseFromString(answer.status.error_details());
    if (details.details_size() > 0) details.details(0).UnpackTo(&info);
    return absl::StrCat(info.reason(), " ", info.metadata().at("outcome"));
  }

  ScriptedServer server_{{{Step::Reply(R"({"id": "78", "order_id": "34"})")}}};
  TempDir directory_;
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ValidateOnlyTest, SaysWhatWouldBeSentAndSendsNothing) {
  const RpcAnswer answer = Call(kRefund, kTheRefund);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.reply, "{}");
  EXPECT_THAT(answer.trailers,
              Contains(Pair("gateway-would-send",
                            absl::StrCat("POST ", server_.Url("/v1/stores/12/orders/34/refund")))));
  EXPECT_THAT(answer.trailers, Contains(Pair("gateway-would-send-bytes", "22")));
  EXPECT_THAT(answer.trailers, Contains(Pair("gateway-attempts", "0")));
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_THAT(gateway_->MetricsText(),
              HasSubstr(R"(rpc_grpc_status_code="0",outcome="not_sent"} 1)"));
}

TEST_F(ValidateOnlyTest, HidesWhatIsNeverShown) {
  const RpcAnswer answer = Call(
      kGetOrders, R"({"limit": 3, "billing_email": "ada@example.com", "customer_ip": "10.0.0.7"})");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  const std::string shown = answer.trailers.find("gateway-would-send")->second;
  EXPECT_THAT(shown, HasSubstr("/v1/stores/12/orders?limit=3&billing_email=***&customer_ip=***"));
  EXPECT_THAT(shown, Not(HasSubstr("secret")));
}

TEST_F(ValidateOnlyTest, RefusesWhatTheGatewayWouldRefuse) {
  const RpcAnswer answer = Call(kRefund, R"({"order_id": "x"})");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(answer), "INVALID_REQUEST not_sent");
  EXPECT_THAT(answer.trailers, Not(Contains(Key("gateway-would-send"))));
}

TEST_F(ValidateOnlyTest, AsksThePolicy) {
  config_.authorization.policy_file = directory_.Write(
      "policy.json", R"({"rules": {"reads": {"anyone": true, "methods": ["read"]}}})");
  const RpcAnswer answer = Call(kRefund, kTheRefund);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOf(answer), "CREDENTIALS_MISSING not_sent");
}

// A mistyped value must not make the gateway send the refund.
TEST_F(ValidateOnlyTest, SendsNothingForAValueThatIsNone) {
  for (const RpcMetadata& metadata :
       {RpcMetadata{{"gateway-validate-only", "yes"}}, RpcMetadata{{"gateway-validate-only", ""}},
        RpcMetadata{{"gateway-validate-only", "true"}, {"gateway-validate-only", "false"}}}) {
    const RpcAnswer answer = Call(kRefund, kTheRefund, metadata);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(answer), "VALIDATE_ONLY_INVALID not_sent");
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ValidateOnlyTest, FalseIsACallLikeAnyOther) {
  EXPECT_TRUE(Call(kRefund, kTheRefund, {{"gateway-validate-only", "false"}}).status.ok());
  EXPECT_EQ(server_.executions(), 1);
}

TEST_F(ValidateOnlyTest, TheLedgerTakesNoNoteOfIt) {
  config_.ledger.file = directory_.Path("ledger/ledger.db");
  RpcMetadata metadata = {{"idempotency-key", "k"}};
  RpcMetadata only = metadata;
  only.insert(kOnly.begin(), kOnly.end());
  const RpcAnswer asked = Call(kRefund, kTheRefund, only);
  ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
  EXPECT_THAT(asked.trailers, Not(Contains(Key("gateway-ledger-entry"))));
  const RpcAnswer made =
      Call(kRefund, R"({"order_id": "35", "body": {"order_line_id": "57"}})", metadata);
  EXPECT_THAT(made.trailers, Contains(Key("gateway-ledger-entry")));
  EXPECT_THAT(made.trailers, Not(Contains(Key("gateway-replayed"))));
  EXPECT_GT(server_.executions(), 0);
}

TEST_F(ValidateOnlyTest, AMethodOfTheGatewaysOwnIsRefused) {
  const RpcAnswer answer = Call("gateway.webhooks.v1.WebhookService/ParseEvent", "{}");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(answer), "VALIDATE_ONLY_UNSUPPORTED not_sent");
}

TEST_F(ValidateOnlyTest, AStreamShowsItsFirstPage) {
  Call(kGetOrders, "{}");
  ListReader reader(absl::StrCat("127.0.0.1:", gateway_->port()), kStreamOrders,
                    R"({"after": "7"})", kOnly);
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.Finish().ok()) << reader.Finish().error_message();
  EXPECT_THAT(reader.trailers(),
              Contains(Pair("gateway-would-send",
                            HasSubstr("/v1/stores/12/orders?limit=100&after=7&asc=true"))));
  EXPECT_EQ(server_.connections(), 0);
}

}  // namespace
}  // namespace gateway
