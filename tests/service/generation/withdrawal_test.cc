// A right that is withdrawn ends at once, even if the rest of the reload is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/authority.h"
#include "tests/service/authorization/token_maker.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kApplied[] = "gateway_reloads_total{result=\"applied\"} ";
constexpr char kRefused[] = "gateway_reloads_total{result=\"refused\"} ";
constexpr char kPolicyRefused[] = "gateway_security_file_refused{part=\"policy\"} ";
constexpr char kKeysRefused[] = "gateway_security_file_refused{part=\"keys\"} ";
constexpr char kClientCaRefused[] = "gateway_security_file_refused{part=\"client_ca\"} ";

class WithdrawalTest : public testing::Test {
 protected:
  WithdrawalTest() {
    const Identity server = servers_.Issue({});
    Replace("server.crt", server.certificate);
    Replace("clients.pem", clients_.certificate());
    Replace("jwks.json", KeySetOf({&key_}).dump());
    Replace("policy.json", PolicyFor(false).dump());
    config_ = {{"listen", "127.0.0.1:0"},
               {"server",
                {{"tls",
                  {{"certificate_file", directory_.Path("server.crt")},
                   {"key_file", server.key_file},
                   {"client_ca_file", directory_.Path("clients.pem")},
                   {"require_client_certificate", false}}}}},
               {"authorization",
                {{"policy_file", directory_.Path("policy.json")},
                 {"jwt",
                  {{"jwks_file", directory_.Path("jwks.json")},
                   {"issuer", "issuer"},
                   {"audience", "billing-gateway"}}}}},
               {"upstreams",
                {{"paynow",
                  {{"base_url", upstream_.Url("")},
                   {"default_store", "12"},
                   {"api_key", {{"file", directory_.Write("key", "secret")}}}}}}}};
  }

  static json PolicyFor(bool dry_run) {
    return {{"dry_run", dry_run},
            {"rules",
             {{"shop", {{"spiffe", {"spiffe://example/shop"}}, {"methods", {kGetOrders}}}},
              {"desk", {{"subjects", {"desk"}}, {"methods", {kGetOrders}}}}}}};
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

  bool Shows(absl::string_view metric, int value) const {
    const std::string line = absl::StrCat("\n", metric, value, "\n");
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (!absl::StrContains(gateway_->MetricsText(), line)) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }

  // Installs an expired certificate, so that every reload as a whole is refused from now on.
  void SpoilTheWhole() {
    Replace("server.crt", servers_.Issue({.valid_days = -1}).certificate);
    ASSERT_TRUE(Shows(kRefused, 1));
  }

  RpcOptions Shop() const { return As(shop_); }
  RpcOptions As(const Identity& identity) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = servers_.certificate();
    options.pem_private_key = identity.key;
    options.pem_cert_chain = identity.certificate;
    return {.credentials = grpc::SslCredentials(options)};
  }
  RpcOptions Desk() const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = servers_.certificate();
    return {.credentials = grpc::SslCredentials(options),
            .metadata = {{"authorization",
                          absl::StrCat("Bearer ", key_.Sign("ES256", GoodClaims("desk")))}}};
  }

  bool Serves(const RpcOptions& as) const {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kGetOrders, "{}", as).status.ok();
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

TEST_F(WithdrawalTest, OfARuleDoesNotWaitForABadCertificate) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Serves(Shop()));
  SpoilTheWhole();
  Replace("policy.json", R"({"rules": {}})");
  ASSERT_TRUE(Shows(kRefused, 2));
  EXPECT_FALSE(Serves(Shop()));
  EXPECT_FALSE(Serves(Desk()));
  EXPECT_TRUE(Shows(kPolicyRefused, 0));
}

TEST_F(WithdrawalTest, OfAllKeysDoesNotWaitForABadCertificate) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Serves(Desk()));
  SpoilTheWhole();
  Replace("jwks.json", R"({"keys": []})");
  ASSERT_TRUE(Shows(kRefused, 2));
  EXPECT_FALSE(Serves(Desk()));
  EXPECT_TRUE(Serves(Shop()));
}

TEST_F(WithdrawalTest, OfAnAuthorityDoesNotWaitForABadPolicy) {
  ASSERT_TRUE(Create().ok());
  RpcOptions shop = Shop();
  shop.channel = OwnChannel(absl::StrCat("127.0.0.1:", gateway_->port()), shop.credentials);
  EXPECT_TRUE(Serves(shop));
  Replace("policy.json", "rubbish");
  ASSERT_TRUE(Shows(kRefused, 1));
  EXPECT_TRUE(Serves(shop));
  Authority others("others");
  Replace("clients.pem", others.certificate());
  ASSERT_TRUE(Shows(kRefused, 2));
  EXPECT_FALSE(Serves(shop));    // on the connection that was good
  EXPECT_FALSE(Serves(Shop()));  // on a new one
}

TEST_F(WithdrawalTest, ThatIsRefusedShowsUntilItIsMended) {
  ASSERT_TRUE(Create().ok());
  for (const char* metric : {kPolicyRefused, kKeysRefused, kClientCaRefused}) {
    EXPECT_TRUE(Shows(metric, 0));
  }
  Replace("policy.json", "rubbish");
  EXPECT_TRUE(Shows(kPolicyRefused, 1));
  Replace("jwks.json", "rubbish");
  EXPECT_TRUE(Shows(kKeysRefused, 1));
  Replace("clients.pem", "rubbish");
  EXPECT_TRUE(Shows(kClientCaRefused, 1));
  EXPECT_TRUE(Serves(Shop()));
  Replace("policy.json", PolicyFor(false).dump());
  EXPECT_TRUE(Shows(kPolicyRefused, 0));
  EXPECT_TRUE(Shows(kKeysRefused, 1));
}

TEST_F(WithdrawalTest, OfEnforcementTakesARestart) {
  ASSERT_TRUE(Create().ok());
  Replace("policy.json", PolicyFor(true).dump());
  ASSERT_TRUE(Shows(kPolicyRefused, 1));
  RpcOptions nobody = Desk();
  nobody.metadata.clear();
  EXPECT_FALSE(Serves(nobody));
  EXPECT_TRUE(Shows(kApplied, 0));
}

TEST_F(WithdrawalTest, CanBeUndoneByNobodyWhoMayNotWriteTheFile) {
  for (const char* name : {"policy.json", "jwks.json", "clients.pem"}) {
    const std::string file = directory_.Path(name);
    std::filesystem::permissions(file, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    EXPECT_THAT(std::string(Create().message()),
                HasSubstr("can be written by everybody on this machine"))
        << name;
    std::filesystem::permissions(file, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::remove);
  }
  EXPECT_TRUE(Create().ok());
}

// Other files need the same protection: the configuration decides where keys are sent, and the
// authorities decide who is trusted there.
TEST_F(WithdrawalTest, OfTrustTakesMoreThanAWritableFile) {
  config_["upstreams"]["paynow"]["ca_file"] =
      directory_.Write("upstream.pem", servers_.certificate());
  ASSERT_TRUE(Create().ok());
  gateway_ = nullptr;
  for (const char* name : {"server.crt", "upstream.pem", "gateway.json"}) {
    const std::string file = directory_.Path(name);
    std::filesystem::permissions(file, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    EXPECT_THAT(std::string(Create().message()),
                HasSubstr("can be written by everybody on this machine"))
        << name;
    std::filesystem::permissions(file, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::remove);
  }
  EXPECT_TRUE(Create().ok());
}

TEST_F(WithdrawalTest, OfAFileThroughItsFolderIsRefused) {
  const std::string folder = directory_.Path("rules");
  std::filesystem::create_directory(folder);
  std::filesystem::rename(directory_.Path("policy.json"), folder + "/policy.json");
  std::filesystem::create_symlink(folder + "/policy.json", directory_.Path("policy.json"));
  ASSERT_TRUE(Create().ok());
  gateway_ = nullptr;
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  EXPECT_THAT(std::string(Create().message()),
              HasSubstr("policy_file: is in a folder that everybody on this machine can write"));
  // With the sticky bit, as in /tmp, only a file's owner can replace it.
  std::filesystem::permissions(folder,
                               std::filesystem::perms::all | std::filesystem::perms::sticky_bit);
  EXPECT_TRUE(Create().ok());
}

// One port has two authorities with a trust domain each: neither may sign names of the other
// domain.
TEST_F(WithdrawalTest, OfAnAuthoritysDomainTakesEffectByItself) {
  Authority partners("partners");
  Replace("clients.pem", clients_.certificate() + partners.certificate());
  Replace("example.pem", clients_.certificate());
  Replace("partner.pem", partners.certificate());
  config_["server"]["tls"]["trust_domains"] = {
      {"example", {{"ca_file", directory_.Path("example.pem")}}},
      {"partner", {{"ca_file", directory_.Path("partner.pem")}}}};
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Serves(Shop()));
  const Identity forged = partners.Issue({.names = "URI:spiffe://example/shop"});
  RpcOptions forger = As(forged);
  forger.channel = OwnChannel(absl::StrCat("127.0.0.1:", gateway_->port()), forger.credentials);
  EXPECT_FALSE(Serves(forger));
  SpoilTheWhole();
  Replace("example.pem", partners.certificate());
  ASSERT_TRUE(Shows(kRefused, 2));
  EXPECT_FALSE(Serves(Shop()));
  EXPECT_TRUE(Serves(forger));
}

TEST_F(WithdrawalTest, OfAnotherCheckTakesARestart) {
  config_["webhooks"]["providers"]["paynow"]["secrets"]["s"]["file"] =
      directory_.Write("webhook", "secret");
  ASSERT_TRUE(Create().ok());
  const json good = config_;
  config_["webhooks"]["providers"]["qashier"]["allow_unsigned"] = true;
  Replace("gateway.json", config_.dump());
  ASSERT_TRUE(Shows(kRefused, 1));
  config_ = good;
  config_["upstreams"]["paynow"]["allow_plaintext"] = true;
  Replace("gateway.json", config_.dump());
  ASSERT_TRUE(Shows(kRefused, 2));
  config_ = good;
  config_["upstreams"]["paynow"]["accept_caller_keys"] = true;
  Replace("gateway.json", config_.dump());
  ASSERT_TRUE(Shows(kRefused, 3));
  EXPECT_TRUE(Shows(kApplied, 0));
}

}  // namespace
}  // namespace gateway
