// The complete gateway, in this process.
#include "service/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/webhook_gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::AllOf;
using testing::EndsWith;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;
using testing::StartsWith;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    config_.file = "g.json";
    config_.listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = "http://127.0.0.1:1";
    upstream.options.default_store = "12";
    upstream.api_key.file = directory_.Write("key", "secret\n");
  }

  UpstreamConfig& upstream() { return config_.upstreams["paynow"]; }

  void Start() {
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
    address_ = absl::StrCat("127.0.0.1:", gateway_->port());
  }

  // Returns the error for a configuration that cannot be served. Check and Create must agree on it.
  std::string Error() const {
    const absl::Status status = Gateway::Check(config_);
    EXPECT_EQ(Gateway::Create(config_).status(), status);
    return std::string(status.message());
  }

  TempDir directory_;
  Config config_;
  std::unique_ptr<Gateway> gateway_;
  std::string address_;
};

google::rpc::ErrorInfo InfoOf(const RpcAnswer& answer) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(answer.status.error_details()));
  EXPECT_TRUE(details.details_size() > 0 && details.details(0).UnpackTo(&info));
  return info;
}

TEST_F(GatewayTest, CarriesACallToTheUpstreamAndBack) {
  ScriptedServer server({{Step::Reply(R"([{"id": "34", "store_id": "12"}])")}});
  upstream().options.base_url = server.Url("/base");
  Start();
  const RpcAnswer answer = CallRpc(address_, kGetOrders, R"({"limit": 3})");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(json::parse(answer.reply),
            json::parse(R"({"items": [{"id": "34", "storeId": "12"}]})"));
  EXPECT_EQ(server.received().front().target, "/base/v1/stores/12/orders?limit=3");
  EXPECT_THAT(server.received().front().head, EndsWith("\r\nAuthorization: APIKey secret"));
  EXPECT_GT(gateway_->drift().Counts().size(), 0u);  // required members of an order are missing
}

TEST_F(GatewayTest, SaysThatTheUpstreamIsNotThere) {
  Start();
  const RpcAnswer answer = CallRpc(address_, kRefund, R"({"order_id": "34", "body": {}})");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(InfoOf(answer).metadata().at("outcome"), "not_sent");
  EXPECT_EQ(InfoOf(answer).metadata().at("operation"),
            "paynow.management.v1.OrdersService.RefundOrder");
}

TEST_F(GatewayTest, GivesACallWithoutADeadlineItsOwn) {
  ScriptedServer server({{Step::HeldReply("[]")}});
  upstream().options.base_url = server.Url("");
  config_.default_deadline = absl::Milliseconds(200);
  Start();
  const RpcAnswer answer = CallRpc(address_, kGetOrders, "{}", /*deadline_set=*/false);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(InfoOf(answer).metadata().at("outcome"), "unknown");
}

TEST_F(GatewayTest, RefusesARequestThatIsTooLarge) {
  config_.max_request_bytes = 2048;
  Start();
  const RpcAnswer answer =
      CallRpc(address_, kGetOrders, json({{"customer_id", std::string(4096, '1')}}).dump());
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(InfoOf(answer).reason(), "REQUEST_TOO_LARGE");
}

// Drift never fails a call: values that do not fit into the client's metadata limit are left out.
TEST_F(GatewayTest, PassesOnAsManyUnrecognizedTextsAsAClientTakes) {
  json webhooks = json::array();
  for (int i = 0; i < 32; ++i) {
    webhooks.push_back({{"id", "34"}, {"subscribed_to", absl::StrCat(i, std::string(99, '\x01'))}});
  }
  ScriptedServer server({{Step::Reply(webhooks.dump())}});
  upstream().options.base_url = server.Url("");
  Start();
  const RpcAnswer answer =
      CallRpc(address_, "paynow.management.v1.WebhooksService/GetSubscriptions", "{}");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(json::parse(answer.reply)["items"].size(), 32u);
  EXPECT_THAT(answer.trailers.count("gateway-unrecognized"), AllOf(Gt(5u), Lt(20u)));
  EXPECT_THAT(answer.trailers.find("gateway-unrecognized")->second,
              StartsWith("paynow.management.v1.WebhookSubscriptionDto.subscribed_to=0\\x01\\x01"));
}

// If the status were too large for the client, the client would not learn the outcome of its write.
TEST_F(GatewayTest, DeliversTheLargestErrorThatAnUpstreamCanWrite) {
  json body = {{"code", std::string(500, 'c')}, {"trace_id", std::string(500, 't')}};
  body["message"] = std::string(500, '%');
  for (int i = 0; i < 200; ++i) {
    body["errors"].push_back({{"path", std::string(500, 'p')}, {"message", std::string(500, 'm')}});
  }
  const std::string text = body.dump();
  ScriptedServer server({{Step::Raw(absl::StrCat(
      "HTTP/1.1 422 Unprocessable\r\nContent-Length: ", text.size(), "\r\n\r\n", text))}});
  upstream().options.base_url = server.Url("");
  Start();
  const RpcAnswer answer = CallRpc(address_, kRefund, R"({"order_id": "34", "body": {}})");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(answer).metadata().at("outcome"), "refused");
}

TEST_F(GatewayTest, NamesTheAddressThatItCannotHave) {
  Start();
  config_.listen = address_;
  EXPECT_EQ(Gateway::Create(config_).status(),
            absl::UnavailableError(absl::StrCat("g.json: listen: cannot listen on ", address_)));
  EXPECT_TRUE(Gateway::Check(config_).ok());  // Check does not listen
  config_.listen = "nonsense";
  EXPECT_EQ(Gateway::Create(config_).status(),
            absl::UnavailableError("g.json: listen: cannot listen on nonsense"));
}

TEST_F(GatewayTest, NamesAnUpstreamThatNoProtoKnows) {
  config_.upstreams["paylater"] = upstream();
  EXPECT_EQ(Error(), "g.json: upstreams.paylater: no proto has a provider of this name");
}

TEST_F(GatewayTest, NamesTheKeyThatCannotBeRead) {
  upstream().api_key.file = directory_.Path("missing");
  EXPECT_EQ(Error(), "g.json: upstreams.paynow.api_key.file: " + directory_.Path("missing") +
                         " cannot be read");
  upstream().api_key = {"", "GATEWAY_TEST_UNSET"};
  EXPECT_EQ(Error(),
            "g.json: upstreams.paynow.api_key.env: there is no variable GATEWAY_TEST_UNSET");
  setenv("GATEWAY_TEST_BAD", "MARKER\nX", 1);
  upstream().api_key = {};
  upstream().store_keys["34"] = {"", "GATEWAY_TEST_BAD"};
  EXPECT_EQ(Error(),
            "g.json: upstreams.paynow.stores.34.api_key.env: "
            "the key has something other than printable ASCII");
}

TEST_F(GatewayTest, NamesABaseUrlThatIsNone) {
  upstream().options.base_url = "api.example";
  EXPECT_THAT(Error(), HasSubstr("g.json: upstreams.paynow.base_url: must be http:// or https://"));
}

TEST_F(GatewayTest, NamesAuthoritiesThatCannotBeRead) {
  upstream().tls.ca_file = directory_.Path("missing");
  EXPECT_EQ(Error(),
            "g.json: upstreams.paynow.ca_file: " + directory_.Path("missing") + " cannot be read");
  upstream().tls.ca_file = directory_.Write("ca.pem", "no certificate\n");
  EXPECT_EQ(Error(), "g.json: upstreams.paynow.ca_file: " + directory_.Path("ca.pem") +
                         " holds no certificate that can be read");
}

TEST_F(GatewayTest, NamesABaseUrlAndStoresThatDoNotGoWithThePaths) {
  const std::string good = upstream().options.base_url;
  upstream().options.base_url = good + "/v1";
  EXPECT_EQ(Error(),
            "g.json: upstreams.paynow.base_url: ends in /v1, which the paths bring themselves");
  upstream().options.base_url = good;
  for (const char* const store : {"my-store", "1/2", "..", "99999999999999999999"}) {
    upstream().options.default_store = store;
    EXPECT_EQ(Error(), "g.json: upstreams.paynow.default_store: is no id of a store") << store;
  }
  upstream().options.default_store = "";
  upstream().store_keys["shop"] = upstream().api_key;
  EXPECT_EQ(Error(), "g.json: upstreams.paynow.stores.shop: is no id of a store");
  upstream().store_keys.clear();
  upstream().harmless_repeats = {"*", "shop"};
  EXPECT_EQ(Error(), "g.json: upstreams.paynow.harmless_repeats: shop is no id of a store");
}

// Check says what a start would say, and leaves the disk as it is.
TEST_F(GatewayTest, NamesAFileThatCannotBeWritten) {
  config_.tracing.file = directory_.Path("none/spans");
  EXPECT_EQ(Error(), "g.json: tracing.file: cannot be opened: No such file or directory");
  config_.tracing.file = directory_.Path("spans");
  config_.audit_file = directory_.Path("none/audit");
  EXPECT_EQ(Error(), "g.json: audit.file: cannot be written: No such file or directory");
}

TEST_F(GatewayTest, NamesAStoreThatCannotBeOpened) {
  config_.ledger.file = directory_.Path("none/ledger/ledger.db");
  EXPECT_THAT(Error(), HasSubstr("g.json: ledger.file: cannot make the folder"));
  std::filesystem::create_directory(directory_.Path("stores"));
  config_.ledger.file = directory_.Path("stores/ledger.db");
  EXPECT_THAT(Error(), HasSubstr("g.json: ledger.file: "));
  EXPECT_THAT(Error(), EndsWith("stores is open to others: it has to have the mode 0700"));
  std::filesystem::permissions(directory_.Path("stores"), std::filesystem::perms::owner_all);
  directory_.Write("stores/ledger.db.secret", "short");
  EXPECT_EQ(Error(), "g.json: ledger.secret_file: needs 32 visible characters or more");
  directory_.Write("stores/ledger.db.secret", std::string(32, 's'));
  directory_.Write("stores/ledger.db", "");
  std::filesystem::permissions(config_.ledger.file, std::filesystem::perms::owner_read |
                                                        std::filesystem::perms::owner_write);
  EXPECT_THAT(Error(), EndsWith("ledger.db is empty, which a store never is"));
  config_.ledger = LedgerConfig();
  config_.events.file = directory_.Path("stores/ledger.db");
  EXPECT_THAT(Error(), HasSubstr("g.json: events.file: "));
  config_.events = EventsConfig();
  config_.events.dsn_file = directory_.Write("dsn", "no connection string");
  config_.events.body_key_file = directory_.Write("body-key", std::string(32, 'b'));
  EXPECT_THAT(Error(), HasSubstr("g.json: events.postgresql.dsn_file: "));
}

TEST_F(GatewayTest, ACheckMakesNoFile) {
  config_.tracing.file = directory_.Path("spans");
  config_.audit_file = directory_.Path("audit");
  config_.ledger.file = directory_.Path("ledger/ledger.db");
  config_.events.file = directory_.Path("events/events.db");
  EXPECT_EQ(Gateway::Check(config_), absl::OkStatus());
  const std::filesystem::directory_iterator files(directory_.Path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "only the key";
}

// The receiver of webhooks has no audit log and no ledger, whatever the file says.
TEST_F(GatewayTest, ACheckIsOfTheModeThatIsAskedFor) {
  const std::string secret = directory_.Write("whsec", "whsec_a");
  const json file = {
      {"upstreams",
       {{"paynow", {{"base_url", "https://h"}, {"api_key", {{"file", directory_.Path("key")}}}}}}},
      {"audit", {{"file", directory_.Path("none/audit")}}},
      {"events", {{"file", directory_.Path("none/events/events.db")}}},
      {"webhooks",
       {{"listen", "127.0.0.1:0"},
        {"providers", {{"paynow", {{"secrets", {{"a", {{"file", secret}}}}}}}}}}}};
  auto config = ParseConfig("g.json", file.dump(), Mode::kWebhooks);
  ASSERT_TRUE(config.ok()) << config.status();
  const absl::Status refused = Gateway::Check(*config);
  EXPECT_THAT(refused.message(), HasSubstr("g.json: events.file: cannot make the folder"));
  EXPECT_EQ(WebhookGateway::Create(*config).status(), refused);
  config->events.file = directory_.Path("events/events.db");
  EXPECT_EQ(Gateway::Check(*config), absl::OkStatus());
}

// A mistyped name must not let a write go on without a key.
TEST_F(GatewayTest, NamesAWriteThatMustHaveAKeyAndIsNone) {
  config_.ledger.file = directory_.Path("ledger/ledger.db");
  for (const char* const rpc : {"RefundOrder", "paynow.management.v1.OrdersService/RefundOrders",
                                "/paynow.management.v1.OrdersService/RefundOrder",
                                "paynow.management.v1.OrdersService/GetOrders"}) {
    config_.ledger.require_key = {"paynow.management.v1.OrdersService/RefundOrder", rpc};
    EXPECT_EQ(Error(),
              absl::StrCat("g.json: ledger.require_key: names a write that there is not: ", rpc));
  }
}

TEST_F(GatewayTest, RefusesWebhooksThatItCouldNeverBelieve) {
  config_.webhooks.providers["qashier"] = {};
  EXPECT_THAT(Error(), HasSubstr("g.json: webhooks.providers.qashier.allow_unsigned: "));
}

TEST_F(GatewayTest, ServesNothingOfAnUpstreamThatIsLeftOut) {
  config_.upstreams.clear();
  Start();
  const RpcAnswer answer = CallRpc(address_, kGetOrders, "{}");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(InfoOf(answer).domain(), "billing-gateway");
  EXPECT_EQ(InfoOf(answer).metadata().at("operation"),
            "paynow.management.v1.OrdersService.GetOrders");
}

}  // namespace
}  // namespace gateway
