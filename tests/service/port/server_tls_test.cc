// TLS on the gRPC port: which clients can connect, and what happens when the files change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/authority.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kApplied[] = "gateway_reloads_total{result=\"applied\"} ";
constexpr char kRefused[] = "gateway_reloads_total{result=\"refused\"} ";

class ServerTlsTest : public testing::Test {
 protected:
  ServerTlsTest() {
    directory_.Write("key", "secret-1\n");
    Install(servers_.Issue({}));
    directory_.Write("clients.pem", clients_.certificate());
    config_["listen"] = "127.0.0.1:0";
    config_["server"]["tls"] = {{"certificate_file", directory_.Path("server.crt")},
                                {"key_file", directory_.Path("server.key")},
                                {"client_ca_file", directory_.Path("clients.pem")}};
    json& upstream = config_["upstreams"]["paynow"];
    upstream["base_url"] = upstream_.Url("");
    upstream["default_store"] = "12";
    upstream["api_key"]["file"] = directory_.Path("key");
  }

  void Install(const Identity& identity) {
    Replace("server.key", identity.key);
    Replace("server.crt", identity.certificate);
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

  std::string LogOfCreate() {
    const CapturedStderr captured;
    EXPECT_TRUE(Create().ok());
    return absl::StrJoin(captured.Lines(), "\n");
  }

  std::string Address() const { return absl::StrCat("127.0.0.1:", gateway_->port()); }

  // Options with the client's own certificate, or without a certificate.
  RpcOptions As(const Identity* client, const Authority& trusted) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted.certificate();
    if (client != nullptr) {
      options.pem_private_key = client->key;
      options.pem_cert_chain = client->certificate;
    }
    return {.credentials = grpc::SslCredentials(options)};
  }

  grpc::Status Call(const RpcOptions& options) const {
    return CallRpc(Address(), kGetOrders, "{}", options).status;
  }
  // Calls as a client that trusts this authority and is itself trusted.
  grpc::Status Call(const Authority& trusted) { return Call(As(&client_, trusted)); }

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
  Identity client_ = clients_.Issue({.names = "URI:spiffe://example/shop"});
  ScriptedServer upstream_{{{Step::Reply("[]")}}};
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ServerTlsTest, ServesTheOneThatShowsAGoodCertificateAndNobodyElse) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Call(As(&client_, servers_)).ok());
  const int before = upstream_.executions();
  Authority strangers("clients");  // an authority with the same name
  const Identity forged = strangers.Issue({.names = "URI:spiffe://example/shop"});
  const Identity expired = clients_.Issue({.valid_days = -1});
  const Identity early = clients_.Issue({.valid_days = 2, .valid_since_days = -1});
  EXPECT_FALSE(Call(As(nullptr, servers_)).ok());
  EXPECT_FALSE(Call(As(&forged, servers_)).ok());
  EXPECT_FALSE(Call(As(&expired, servers_)).ok());
  EXPECT_FALSE(Call(As(&early, servers_)).ok());
  EXPECT_FALSE(Call(RpcOptions{}).ok());  // plain text
  EXPECT_EQ(upstream_.executions(), before);
}

TEST_F(ServerTlsTest, LetsClientsDoWithoutACertificateWhereTheConfigurationSays) {
  config_["server"]["tls"]["require_client_certificate"] = false;
  ASSERT_TRUE(Create().ok());
  Authority strangers("clients");
  const Identity forged = strangers.Issue({});
  EXPECT_TRUE(Call(As(nullptr, servers_)).ok());
  EXPECT_TRUE(Call(As(&client_, servers_)).ok());
  EXPECT_FALSE(Call(As(&forged, servers_)).ok());
}

TEST_F(ServerTlsTest, AsksNoClientForACertificateWithoutAuthorities) {
  config_["server"]["tls"].erase("client_ca_file");
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Call(As(nullptr, servers_)).ok());
  EXPECT_FALSE(Call(RpcOptions{}).ok());
}

TEST_F(ServerTlsTest, TakesUpANewCertificateAndNewAuthorities) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Call(servers_).ok());
  Authority fresh("servers");
  const Identity certificate = fresh.Issue({});
  // Key and certificate are separate files: between the two changes they do not match, and the
  // reload is refused.
  Install(certificate);
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!Call(fresh).ok() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_TRUE(Call(fresh).ok());
  EXPECT_FALSE(Call(servers_).ok());

  Authority others("clients");
  const Identity other = others.Issue({.names = "URI:spiffe://example/shop"});
  EXPECT_FALSE(Call(As(&other, fresh)).ok());
  Replace("clients.pem", others.certificate());
  while (!Call(As(&other, fresh)).ok() && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_TRUE(Call(As(&other, fresh)).ok());
  EXPECT_FALSE(Call(As(&client_, fresh)).ok());
}

// The connection stays open, but its calls are refused.
TEST_F(ServerTlsTest, RefusesTheNextCallOfAConnectedClientWhoseAuthorityIsWithdrawn) {
  ASSERT_TRUE(Create().ok());
  RpcOptions connected = As(&client_, servers_);
  connected.channel = OwnChannel(Address(), connected.credentials);
  EXPECT_TRUE(Call(connected).ok());
  Authority others("others");
  Replace("clients.pem", others.certificate());
  ASSERT_TRUE(Shows(kApplied, 1));
  const int before = upstream_.executions();
  EXPECT_EQ(Call(connected).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(upstream_.executions(), before);
}

TEST_F(ServerTlsTest, KeepsTheOldCertificateWhenTheNewOneIsBad) {
  ASSERT_TRUE(Create().ok());
  EXPECT_TRUE(Call(servers_).ok());
  int refused = 0;
  const std::vector<std::string> bad = {
      "", "rubbish", servers_.Issue({.valid_days = -1}).certificate, servers_.certificate(),
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"};
  for (const std::string& text : bad) {
    Replace("server.crt", text);
    ASSERT_TRUE(Shows(kRefused, ++refused)) << text;
    EXPECT_TRUE(Call(servers_).ok()) << text;
    EXPECT_FALSE(Call(As(nullptr, servers_)).ok()) << text;
  }
  Replace("clients.pem", "rubbish");
  ASSERT_TRUE(Shows(kRefused, ++refused));
  EXPECT_TRUE(Call(servers_).ok());
  EXPECT_FALSE(Call(As(nullptr, servers_)).ok());
  EXPECT_TRUE(Shows(kApplied, 0));
}

TEST_F(ServerTlsTest, DoesNotStartWithWhatCannotServe) {
  const Identity good = servers_.Issue({});
  const Identity other = servers_.Issue({});
  struct Case {
    std::string certificate;
    std::string key;
    std::string clients;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"", good.key, "", "server.tls.certificate_file: holds no certificate in PEM"},
      {good.key, good.key, "", "server.tls.certificate_file: holds no certificate in PEM"},
      {servers_.Issue({.valid_days = -1}).certificate, good.key, "",
       "server.tls.certificate_file: has expired"},
      {servers_.Issue({.valid_days = 3, .valid_since_days = -1}).certificate, good.key, "",
       "server.tls.certificate_file: is not valid yet"},
      {good.certificate, "MARKER", "", "server.tls.key_file: holds no private key in PEM"},
      {good.certificate, other.key, "", "server.tls.key_file: is not the key of the certificate"},
      {good.certificate, good.key, "MARKER", "server.tls.client_ca_file: holds no certificate"},
  };
  for (const Case& bad : cases) {
    Install({bad.certificate, bad.key, "", ""});
    Replace("clients.pem", bad.clients.empty() ? clients_.certificate() : bad.clients);
    const absl::Status status = Create();
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.error));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("MARKER")));
  }
  for (const char* setting : {"certificate_file", "key_file", "client_ca_file"}) {
    Install(good);
    Replace("clients.pem", clients_.certificate());
    json& tls = config_["server"]["tls"];
    const std::string before = std::exchange(tls[setting], directory_.Path("not-there"));
    EXPECT_EQ(std::string(Create().message()),
              absl::StrCat(directory_.Path("gateway.json"), ": server.tls.", setting, ": ",
                           directory_.Path("not-there"), " cannot be read"));
    tls[setting] = before;
  }
  EXPECT_TRUE(Create().ok());
}

// This port is for a kubelet, which has no client certificate.
TEST_F(ServerTlsTest, AnswersHealthAndNothingElseOnItsOwnPort) {
  config_["server"]["health_listen"] = "127.0.0.1:0";
  ASSERT_TRUE(Create().ok());
  const std::string address = absl::StrCat("127.0.0.1:", gateway_->health_port());
  HealthWatch watch(address);
  EXPECT_TRUE(watch.NextIsServing());
  for (const char* method : {kGetOrders, "gateway.webhooks.v1.WebhookService/ParseEvent",
                             "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                             "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                             "grpc.channelz.v1.Channelz/GetServers"}) {
    EXPECT_EQ(StatusOf(address, method).error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
  EXPECT_EQ(upstream_.executions(), 0);
  gateway_->Drain();
  EXPECT_FALSE(watch.NextIsServing());
}

TEST_F(ServerTlsTest, SaysWhichPortItCannotHave) {
  config_["server"]["health_listen"] = "nonsense";
  EXPECT_THAT(std::string(Create().message()),
              HasSubstr("server.health_listen: must be an address and a port"));
}

TEST_F(ServerTlsTest, WarnsOfPlainTextThatOthersCanReach) {
  config_["listen"] = "0.0.0.0:0";
  config_["server"] = {{"allow_plaintext", true}};
  EXPECT_THAT(LogOfCreate(), HasSubstr("calls are served in plain text"));
  config_["listen"] = "127.0.0.1:0";
  EXPECT_THAT(LogOfCreate(), Not(HasSubstr("served in plain text")));
}

TEST_F(ServerTlsTest, WarnsOfSecretsThatEverybodyMayRead) {
  namespace fs = std::filesystem;
  const auto open = [&](const std::string& name, bool to_all) {
    fs::permissions(directory_.Path(name), fs::perms::others_read,
                    to_all ? fs::perm_options::add : fs::perm_options::remove);
  };
  open("key", true);
  open("server.key", true);
  std::string log = LogOfCreate();
  EXPECT_THAT(log, HasSubstr(directory_.Path("key") + "\""));
  EXPECT_THAT(log, HasSubstr(directory_.Path("server.key")));
  EXPECT_THAT(log, Not(HasSubstr("secret-1")));
  open("key", false);
  open("server.key", false);
  log = LogOfCreate();
  EXPECT_THAT(log, Not(HasSubstr("can be read")));
}

}  // namespace
}  // namespace gateway
