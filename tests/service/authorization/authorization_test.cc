// Which caller may call what, tested through the whole gateway. Attacks on it are in
// tests/security.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "tests/service/authority.h"
#include "tests/service/authorization/token_maker.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kParse[] = "gateway.webhooks.v1.WebhookService/ParseEvent";
constexpr char kReflection[] = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kReflectionV1[] = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kChannelz[] = "grpc.channelz.v1.Channelz/GetServers";
constexpr char kApplied[] = "gateway_reloads_total{result=\"applied\"} ";
constexpr char kRefused[] = "gateway_reloads_total{result=\"refused\"} ";

class AuthorizationTest : public testing::Test {
 protected:
  AuthorizationTest() {
    const Identity server = servers_.Issue({});
    config_ = {{"listen", "127.0.0.1:0"},
               {"server",
                {{"tls",
                  {{"certificate_file", server.certificate_file},
                   {"key_file", server.key_file},
                   {"client_ca_file", clients_.file()},
                   {"require_client_certificate", false}}}}},
               {"authorization",
                {{"policy_file", directory_.Path("policy.json")},
                 {"jwt",
                  {{"jwks_file", directory_.Write("jwks.json", KeySetOf({&key_}).dump())},
                   {"issuer", "issuer"},
                   {"audience", "billing-gateway"}}}}},
               {"upstreams",
                {{"paynow",
                  {{"base_url", upstream_.Url("")},
                   {"default_store", "12"},
                   {"api_key", {{"file", directory_.Write("key", "secret")}}}}}}}};
    Replace(
        "policy.json",
        json{{"rules",
              {{"shop", {{"spiffe", {"spiffe://example/shop"}}, {"methods", {"read", kGetOrders}}}},
               {"desk",
                {{"subjects", {"desk"}}, {"methods", {kRefund}}, {"stores", {"12", "13"}}}}}}}
            .dump());
  }

  void Replace(const std::string& name, const std::string& text) {
    const std::string fresh = directory_.Write(absl::StrCat(name, ".fresh"), text);
    std::filesystem::rename(fresh, directory_.Path(name));
  }

  absl::Status Create() {
    auto config = LoadConfig(directory_.Write("gateway.json", config_.dump()));
    if (!config.ok()) return config.status();
    auto created = Gateway::Create(*config);
    if (!created.ok()) return created.status();
    gateway_ = *std::move(created);
    return absl::OkStatus();
  }

  std::string Address() const { return absl::StrCat("127.0.0.1:", gateway_->port()); }

  RpcOptions Nobody() const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = servers_.certificate();
    return {.credentials = grpc::SslCredentials(options)};
  }
  RpcOptions Shop() const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = servers_.certificate();
    options.pem_private_key = shop_.key;
    options.pem_cert_chain = shop_.certificate;
    return {.credentials = grpc::SslCredentials(options)};
  }
  RpcOptions WithToken(const std::string& token) const {
    RpcOptions options = Nobody();
    options.metadata = {{"authorization", absl::StrCat("Bearer ", token)}};
    return options;
  }
  RpcOptions Desk() const { return WithToken(key_.Sign("ES256", GoodClaims("desk"))); }

  grpc::Status Call(const char* method, const std::string& request, const RpcOptions& as) const {
    return CallRpc(Address(), method, request, as).status;
  }

  static std::string ReasonOf(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (!details.ParseFromString(status.error_details()) || details.details().empty() ||
        !details.details(0).UnpackTo(&info)) {
      return "(none)";
    }
    EXPECT_EQ(info.domain(), "billing-gateway");
    EXPECT_EQ(info.metadata().at("outcome"), "not_sent");
    return info.reason();
  }

  void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, const std::string& reason) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(ReasonOf(status), reason);
    EXPECT_EQ(upstream_.executions(), 0);
  }

  bool Shows(absl::string_view metric, int value) const {
    const std::string line = absl::StrCat("\n", metric, value, "\n");
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (!absl::StrContains(gateway_->MetricsText(), line)) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }

  TempDir directory_;
  Authority servers_{"servers"};
  Authority clients_{"clients"};
  const Identity shop_ = clients_.Issue({.names = "URI:spiffe://example/shop"});
  const SigningKey key_ = SigningKey::Ec("k1");
  ScriptedServer upstream_{{{Step::Reply("[]")}}};
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

constexpr char kOrder[] = R"({"order_id": "34", "body": {}})";

TEST_F(AuthorizationTest, AllowsWhatARuleAllows) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Call(kGetOrders, "{}", Shop()).ok());
  EXPECT_TRUE(Call(kGetOrders, R"({"store_id": "99"})", Shop()).ok());
  EXPECT_EQ(upstream_.executions(), 2);
  // The upstream's answer is no valid refund, but the call was allowed.
  EXPECT_NE(Call(kRefund, kOrder, Desk()).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(upstream_.executions(), 3);
}

TEST_F(AuthorizationTest, RefusesTheOthersWithTheReason) {
  ASSERT_TRUE(Create().ok());
  using enum grpc::StatusCode;
  ExpectRefused(Call(kRefund, kOrder, Shop()), PERMISSION_DENIED, "POLICY_METHOD");
  ExpectRefused(Call(kGetOrders, "{}", Desk()), PERMISSION_DENIED, "POLICY_METHOD");
  ExpectRefused(Call(kRefund, R"({"store_id": "14", "order_id": "34", "body": {}})", Desk()),
                PERMISSION_DENIED, "POLICY_STORE");
  ExpectRefused(Call(kGetOrders, "{}", Nobody()), UNAUTHENTICATED, "CREDENTIALS_MISSING");
  ExpectRefused(Call(kGetOrders, "{}", WithToken("x")), UNAUTHENTICATED, "CREDENTIALS_INVALID");
  ExpectRefused(Call(kParse, "{}", Shop()), PERMISSION_DENIED, "POLICY_METHOD");
  RpcOptions both = Shop();  // a good certificate does not make a bad token good
  both.metadata = {{"authorization", "Bearer x"}};
  ExpectRefused(Call(kGetOrders, "{}", both), UNAUTHENTICATED, "CREDENTIALS_INVALID");
}

// These calls are refused before their services run, so the status has no details.
TEST_F(AuthorizationTest, CoversReflectionAndChannelzButNotHealth) {
  ASSERT_TRUE(Create().ok());
  for (const char* method : {kReflection, kReflectionV1, kChannelz}) {
    EXPECT_EQ(StatusOf(Address(), method, "", Shop()).error_code(),
              grpc::StatusCode::PERMISSION_DENIED)
        << method;
    EXPECT_EQ(StatusOf(Address(), method, "", Nobody()).error_code(),
              grpc::StatusCode::UNAUTHENTICATED)
        << method;
  }
  EXPECT_TRUE(StatusOf(Address(), "grpc.health.v1.Health/Check", "", Nobody()).ok());
  Replace("policy.json", json{{"rules",
                               {{"ops",
                                 {{"spiffe", {"spiffe://example/shop"}},
                                  {"methods", {"grpc.channelz.v1.Channelz/*"}}}}}}}
                             .dump());
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_TRUE(StatusOf(Address(), kChannelz, "", Shop()).ok());
  EXPECT_EQ(StatusOf(Address(), kReflection, "", Shop()).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

// Clients try v1 first, and use v1alpha only if v1 is not implemented.
TEST_F(AuthorizationTest, ARuleForReflectionHoldsForBothOfItsNames) {
  ASSERT_TRUE(Create().ok());
  int applied = 0;
  for (const std::string& rule : {std::string(kReflection), std::string(kReflectionV1),
                                  std::string("grpc.reflection.v1alpha.ServerReflection/*")}) {
    Replace("policy.json",
            json{{"rules", {{"ops", {{"spiffe", {"spiffe://example/shop"}}, {"methods", {rule}}}}}}}
                .dump());
    ASSERT_TRUE(Shows(kApplied, ++applied));
    for (const char* method : {kReflection, kReflectionV1}) {
      EXPECT_TRUE(StatusOf(Address(), method, "", Shop()).ok()) << rule << " " << method;
    }
  }
}

TEST_F(AuthorizationTest, CoversReflectionInPlainTextToo) {
  config_.erase("server");
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(StatusOf(Address(), kReflection).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  RpcOptions desk = Desk();
  desk.credentials = grpc::InsecureChannelCredentials();
  EXPECT_EQ(StatusOf(Address(), kReflection, "", desk).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  ExpectRefused(Call(kGetOrders, "{}", desk), grpc::StatusCode::PERMISSION_DENIED, "POLICY_METHOD");
}

TEST_F(AuthorizationTest, LogsWhoWasRefusedWhatAndByWhichRule) {
  const std::string token = key_.Sign("ES256", GoodClaims("desk"));
  std::string log;
  {
    const CapturedStderr captured;
    ASSERT_TRUE(Create().ok());
    Call(kRefund, kOrder, Shop());
    Call(kRefund, R"({"store_id": "14", "order_id": "34", "body": {}})", WithToken(token));
    Call(kRefund, kOrder, WithToken(SigningKey::Ec("k1").Sign("ES256", GoodClaims("desk"))));
    log = absl::StrJoin(captured.Lines(), "\n");
  }
  EXPECT_THAT(log, HasSubstr(absl::StrCat(
                       R"("event":"call refused by the policy","caller":"spiffe://example/shop",)",
                       R"("method":")", kRefund,
                       R"x(","store":"","rule":"(none)","reason":"POLICY_METHOD")x")));
  EXPECT_THAT(log, HasSubstr(R"("store":"14","rule":"desk","reason":"POLICY_STORE")"));
  EXPECT_THAT(log, HasSubstr(R"("reason":"CREDENTIALS_INVALID","detail":"signature")"));
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (!absl::StrContains(line, "call refused by the policy")) continue;
    EXPECT_THAT(std::string(line), HasSubstr(R"("trace_id":")"));  // to find it in other logs
  }
  EXPECT_THAT(log, Not(HasSubstr(token.substr(token.rfind('.') + 1))));
}

TEST_F(AuthorizationTest, OnlySaysWhatItWouldRefuseInADryRun) {
  json policy = json::parse(R"({"dry_run": true, "rules": {}})");
  Replace("policy.json", policy.dump());
  std::string log;
  {
    const CapturedStderr captured;
    ASSERT_TRUE(Create().ok());
    EXPECT_TRUE(Call(kGetOrders, "{}", Shop()).ok());
    EXPECT_TRUE(Call(kGetOrders, "{}", Nobody()).ok());
    EXPECT_TRUE(Call(kGetOrders, "{}", WithToken("x")).ok());
    log = absl::StrJoin(captured.Lines(), "\n");
  }
  for (const char* reason : {"POLICY_METHOD", "CREDENTIALS_MISSING", "CREDENTIALS_INVALID"}) {
    EXPECT_THAT(log, HasSubstr(absl::StrCat("\"reason\":\"", reason))) << reason;
  }
  EXPECT_THAT(log, AllOf(HasSubstr("the policy would refuse this call"),
                         Not(HasSubstr("call refused by"))));
  policy["dry_run"] = false;
  Replace("policy.json", policy.dump());
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_EQ(Call(kGetOrders, "{}", Shop()).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthorizationTest, TakesUpNewRulesAndKeysAndRefusesBadOnes) {
  ASSERT_TRUE(Create().ok());
  int refused = 0;
  for (const char* bad : {"", "rubbish", "[]", R"({"rules": {"r": {}}})", R"({"rule": {}})"}) {
    Replace("policy.json", bad);
    ASSERT_TRUE(Shows(kRefused, ++refused)) << bad;
    EXPECT_TRUE(Call(kGetOrders, "{}", Shop()).ok()) << bad;
    EXPECT_FALSE(Call(kGetOrders, "{}", Nobody()).ok()) << bad;
  }
  Replace(
      "policy.json",
      json{{"rules", {{"r", {{"subjects", {"desk"}}, {"methods", {"read", kGetOrders}}}}}}}.dump());
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_FALSE(Call(kGetOrders, "{}", Shop()).ok());
  EXPECT_TRUE(Call(kGetOrders, "{}", Desk()).ok());

  const RpcOptions with_old_key = Desk();
  Replace("jwks.json", "{}");
  ASSERT_TRUE(Shows(kRefused, ++refused));
  EXPECT_TRUE(Call(kGetOrders, "{}", with_old_key).ok());
  const SigningKey fresh = SigningKey::Ec("k2");
  Replace("jwks.json", KeySetOf({&fresh}).dump());
  ASSERT_TRUE(Shows(kApplied, 2));
  EXPECT_FALSE(Call(kGetOrders, "{}", with_old_key).ok());  // although it was cached as valid
  EXPECT_TRUE(Call(kGetOrders, "{}", WithToken(fresh.Sign("ES256", GoodClaims("desk")))).ok());
}

// The connection stays open after its caller is revoked; the next call on it is refused.
TEST_F(AuthorizationTest, RevokesWhileTheCallerIsConnected) {
  ASSERT_TRUE(Create().ok());
  RpcOptions shop = Shop();
  shop.channel = OwnChannel(Address(), shop.credentials);
  EXPECT_TRUE(Call(kGetOrders, "{}", shop).ok());
  Replace("policy.json", R"({"rules": {}})");
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_EQ(Call(kGetOrders, "{}", shop).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AuthorizationTest, DoesNotStartWithoutItsFiles) {
  json& authorization = config_["authorization"];
  const auto error = [this] { return std::string(Create().message()); };
  authorization["policy_file"] = directory_.Path("not-there");
  EXPECT_THAT(error(), AllOf(HasSubstr("gateway.json: authorization.policy_file: "),
                             HasSubstr("not-there cannot be read")));
  authorization["policy_file"] = directory_.Write("bad.json", "{\"rules\": MARKER}");
  EXPECT_THAT(error(), AllOf(HasSubstr("authorization.policy_file: "), HasSubstr("not valid JSON"),
                             Not(HasSubstr("MARKER"))));
  authorization["policy_file"] = directory_.Path("policy.json");
  authorization["jwt"]["jwks_file"] = directory_.Path("not-there");
  EXPECT_THAT(error(), AllOf(HasSubstr("gateway.json: authorization.jwt.jwks_file: "),
                             HasSubstr("not-there cannot be read")));
  authorization["jwt"]["jwks_file"] = directory_.Write("bad.json", "{}");
  EXPECT_THAT(error(), HasSubstr("authorization.jwt.jwks_file: is no JSON Web Key Set"));
  authorization.erase("policy_file");
  EXPECT_THAT(error(), HasSubstr("authorization.policy_file: is required"));
}

TEST_F(AuthorizationTest, IsNotTurnedOffByAReload) {
  ASSERT_TRUE(Create().ok());
  json without = config_;
  without.erase("authorization");
  Replace("gateway.json", without.dump());
  ASSERT_TRUE(Shows(kRefused, 1));
  EXPECT_FALSE(Call(kGetOrders, "{}", Nobody()).ok());
}

}  // namespace
}  // namespace gateway
