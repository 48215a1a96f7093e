// A process that only receives webhooks: what it needs, and which ports it opens.
#include "service/webhook_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/authority.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/delivery.h"
#include "tests/service/temp_dir.h"
#include "tests/service/tls_exchange.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSecret[] = "whsec";
constexpr char kRefund[] = R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1"}})";

bool NobodyListens(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool refused =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
      errno == ECONNREFUSED;
  close(fd);
  return refused;
}

class WebhookGatewayTest : public testing::Test {
 protected:
  WebhookGatewayTest() {
    config_ = {
        {"metrics", {{"listen", "127.0.0.1:0"}}},
        {"server", {{"probe_listen", "127.0.0.1:0"}}},
        {"events", {{"file", directory_.Path("events/events.db")}}},
        {"webhooks",
         {{"listen", "127.0.0.1:0"},
          {"providers",
           {{"paynow",
             {{"accounts",
               {{"eu", {{"secrets", {{"a", {{"file", directory_.Write("s", kSecret)}}}}}}}}}}}}}}}};
  }

  absl::Status Start() {
    const std::string file = directory_.Write("gateway.json", config_.dump());
    auto parsed = LoadConfig(file, Mode::kWebhooks);
    if (!parsed.ok()) return parsed.status();
    auto created = WebhookGateway::Create(*parsed);
    if (created.ok()) gateway_ = *std::move(created);
    return created.status();
  }

  std::string Get(int port, const std::string& path) {
    return security::Exchange(port, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
  }

  std::string Deliver() {
    return security::Exchange(gateway_->port(),
                              DeliveryOf(kRefund, kSecret, "/webhooks/paynow/eu"));
  }

  const TempDir directory_;
  json config_;
  std::unique_ptr<WebhookGateway> gateway_;
};

TEST_F(WebhookGatewayTest, ItReceivesWithoutAnUpstreamAKeyOfOneOrAPortForCalls) {
  // The configuration of a whole gateway. The files of its other parts do not exist here.
  const int calls = security::FreePort();
  config_["listen"] = absl::StrCat("0.0.0.0:", calls);
  config_["upstreams"]["paynow"] = {{"base_url", "https://api.paynow.gg"},
                                    {"api_key", {{"file", "/nowhere/key"}}}};
  config_["ledger"] = {{"file", "/nowhere/ledger/ledger.db"}};
  config_["authorization"] = {{"policy_file", "/nowhere/policy.json"}};
  config_["events"]["forward"]["shop"]["http"] = {
      {"url", "https://shop.example"}, {"secrets", {{"a", {{"file", "/nowhere/secret"}}}}}};
  const absl::Status started = Start();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_TRUE(NobodyListens(calls));
  EXPECT_THAT(Deliver(), StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(Get(gateway_->probe_port(), "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get(gateway_->probe_port(), "/readyz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(
      Get(gateway_->metrics_port(), "/metrics"),
      testing::AllOf(
          HasSubstr("gateway_webhooks_received_total{provider=\"paynow\",outcome=\"kept\"} 1"),
          HasSubstr("\ngateway_events_kept_total 1"),
          HasSubstr("\nprocess_resident_memory_bytes ")));
  gateway_->Drain();
  EXPECT_THAT(Get(gateway_->probe_port(), "/readyz"), StartsWith("HTTP/1.1 503"));
}

TEST_F(WebhookGatewayTest, ItNeedsAnAddressAndALog) {
  config_["webhooks"].erase("listen");
  EXPECT_THAT(std::string(Start().message()), HasSubstr("webhooks.listen: is required"));
  config_["webhooks"]["listen"] = "127.0.0.1:0";
  config_.erase("events");
  EXPECT_THAT(std::string(Start().message()), HasSubstr("webhooks.listen: needs events"));
}

TEST_F(WebhookGatewayTest, OverAFileItSaysThatNobodyElseReadsIt) {
  CapturedStderr log;
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(log.Lines(), testing::Contains(HasSubstr("no other process can read")));
}

TEST_F(WebhookGatewayTest, ItsCertificateIsReadAgainWhenItChanges) {
  Authority authority("servers");
  const Identity first = authority.Issue({});
  const Identity next = authority.Issue({});
  config_["webhooks"]["certificate_file"] = directory_.Write("tls.crt", first.certificate);
  config_["webhooks"]["key_file"] = directory_.Write("tls.key", first.key);
  ASSERT_TRUE(Start().ok());
  const std::string request = DeliveryOf(kRefund, kSecret, "/webhooks/paynow/eu");
  const TlsAnswer answer = ExchangeOverTls(gateway_->port(), authority.file(), request);
  EXPECT_THAT(answer.text, StartsWith("HTTP/1.1 204"));
  EXPECT_EQ(answer.certificate, first.certificate);
  // The new key and certificate are used when both files are replaced: alone, the key is refused.
  directory_.Write("fresh.key", next.key);
  directory_.Write("fresh.crt", next.certificate);
  std::filesystem::rename(directory_.Path("fresh.key"), directory_.Path("tls.key"));
  std::filesystem::rename(directory_.Path("fresh.crt"), directory_.Path("tls.crt"));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (ExchangeOverTls(gateway_->port(), authority.file(), request).certificate !=
             next.certificate &&
         absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_LT(absl::Now(), end);
}

}  // namespace
}  // namespace gateway
