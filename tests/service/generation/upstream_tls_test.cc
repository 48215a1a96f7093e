// The TLS files with which gateway and upstream authenticate each other, exchanged during
// operation.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/test_certificate.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using http::TestCertificate;
using nlohmann::json;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";

// Polls until the condition holds. Returns false after half a minute.
bool Comes(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class UpstreamTlsTest : public testing::Test {
 protected:
  void Start(const ScriptedServer& server) {
    directory_.Write("key", "secret\n");
    config_["listen"] = "127.0.0.1:0";
    json& upstream = config_["upstreams"]["paynow"];
    upstream["base_url"] = server.Url("");
    upstream["default_store"] = "12";
    upstream["api_key"]["file"] = directory_.Path("key");
    upstream["ca_file"] = directory_.Path("ca.pem");
    upstream["retry"]["max_attempts"] = 1;
    upstream["breaker"]["min_calls"] = 1000;
    const std::string file = directory_.Write("gateway.json", config_.dump());
    auto config = LoadConfig(file);
    ASSERT_TRUE(config.ok()) << config.status();
    auto created = Gateway::Create(*config);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  // Replaces a file as cert-manager does: writes a new file, then renames it.
  void Replace(const std::string& name, const std::string& text) {
    const std::string fresh = directory_.Write(absl::StrCat(name, ".fresh"), text);
    std::filesystem::rename(fresh, directory_.Path(name));
  }

  void AwaitReloads(const char* result, int count) {
    const std::string line =
        absl::StrCat("\ngateway_reloads_total{result=\"", result, "\"} ", count, "\n");
    ASSERT_TRUE(Comes([&] { return absl::StrContains(gateway_->MetricsText(), line); }));
  }

  grpc::Status Call() {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kGetOrders, "{}").status;
  }

  TempDir directory_;
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(UpstreamTlsTest, AnAuthorityThatIsTakenOutIsTrustedNoMore) {
  const TestCertificate servers;
  const TestCertificate other;
  ScriptedServer server({{Step::Reply("[]")}}, {.certificate = &servers});
  directory_.Write("ca.pem", servers.authority());
  Start(server);
  EXPECT_TRUE(Call().ok());

  // The open connection was made with the old authority, so it is not used again.
  Replace("ca.pem", other.authority());
  AwaitReloads("applied", 1);
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server.executions(), 1);

  Replace("ca.pem", servers.authority());
  AwaitReloads("applied", 2);
  EXPECT_TRUE(Call().ok());
}

TEST_F(UpstreamTlsTest, AFileWithoutACertificateIsRefusedAndTheOldOneStays) {
  const TestCertificate servers;
  ScriptedServer server({{Step::Reply("[]")}}, {.certificate = &servers});
  directory_.Write("ca.pem", servers.authority());
  Start(server);
  Replace("ca.pem", "no certificate\n");
  AwaitReloads("refused", 1);
  EXPECT_TRUE(Call().ok());
}

TEST_F(UpstreamTlsTest, ARenewedClientCertificateIsTakenOver) {
  const TestCertificate servers;
  const TestCertificate ours;
  const TestCertificate strangers;
  ScriptedServer server({{Step::Reply("[]")}}, {.certificate = &servers, .clients = &ours});
  directory_.Write("ca.pem", servers.authority());
  directory_.Write("client.pem", strangers.certificate());
  directory_.Write("client.key", strangers.key());
  json& tls = config_["upstreams"]["paynow"]["tls"];
  tls["certificate_file"] = directory_.Path("client.pem");
  tls["key_file"] = directory_.Path("client.key");
  Start(server);
  EXPECT_FALSE(Call().ok());

  // A certificate whose key does not match yet is refused; both together are accepted.
  Replace("client.pem", ours.certificate());
  AwaitReloads("refused", 1);
  Replace("client.key", ours.key());
  AwaitReloads("applied", 1);
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(server.executions(), 1);
}

}  // namespace
}  // namespace gateway
