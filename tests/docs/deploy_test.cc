// Alerts and dashboards in deploy/ name only metrics that the gateway has. Whether their queries
// return data is checked by `make dashboard-check`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "service/gateway.h"
#include "tests/service/authority.h"
#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using testing::IsSubsetOf;
using testing::SizeIs;

std::string ReadSource(const std::string& name) {
  std::ifstream stream(absl::StrCat(SOURCE_DIR, "/", name), std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// Returns the first group of every match.
std::set<std::string> All(const std::string& text, const std::string& pattern) {
  std::set<std::string> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// Returns the metrics that a scrape declares, also those without a sample.
std::set<std::string> ServedMetrics() {
  const TempDir directory;
  Config config;
  config.listen = "127.0.0.1:0";
  config.metrics_listen = "127.0.0.1:0";
  config.audit_file = directory.Path("audit");
  config.ledger.file = directory.Path("ledger/ledger.db");
  config.events.file = directory.Path("events/events.db");
  config.events.subscriptions["shop"];
  HttpForwardConfig& target = config.events.forward["target"].http;
  target.url = "http://127.0.0.1:1";
  target.secrets["a"].file = directory.Write("whsec", "whsec_" + std::string(32, 'a'));
  config.events.sweep["paynow"].stores = {"1"};
  config.webhooks.receiver.listen = "127.0.0.1:0";
  config.webhooks.providers["paynow"].secrets["a"].file = directory.Write("secret", "s");
  UpstreamConfig& upstream = config.upstreams["paynow"];
  upstream.options.base_url = "http://127.0.0.1:1";  // nothing is sent
  upstream.api_key.file = directory.Write("key", "secret\n");
  const auto gateway = Gateway::Create(config);
  EXPECT_TRUE(gateway.ok()) << gateway.status();
  if (!gateway.ok()) return {};
  const httplib::Result scrape =
      httplib::Client("127.0.0.1", (*gateway)->metrics_port()).Get("/metrics");
  EXPECT_TRUE(scrape);
  return scrape ? All(scrape->body, R"(# TYPE (\S+))") : std::set<std::string>();
}

std::set<std::string> UsedMetrics(const std::string& name) {
  std::set<std::string> used;
  for (const std::string& metric :
       All(ReadSource(name), R"((?:^|[^\w:])((?:rpc_server|gateway|process)_\w+)(?![\w:]))")) {
    used.insert(std::regex_replace(metric, std::regex("_(bucket|count|sum)$"), ""));
  }
  return used;
}

TEST(DeployTest, AlertsAndDashboardUseMetricsThatAreServed) {
  const std::set<std::string> served = ServedMetrics();
  EXPECT_THAT(served, SizeIs(testing::Ge(15)));
  for (const char* name : {"deploy/prometheus/rules.yaml", "deploy/grafana/dashboard.json"}) {
    const std::set<std::string> used = UsedMetrics(name);
    EXPECT_THAT(used, SizeIs(testing::Ge(8))) << name;
    EXPECT_THAT(used, IsSubsetOf(served)) << name;
  }
}

TEST(DeployTest, EveryAlertHasAParagraphInTheRunbook) {
  const std::set<std::string> alerts =
      All(ReadSource("deploy/prometheus/rules.yaml"), R"(- alert: (\w+))");
  EXPECT_THAT(alerts, SizeIs(testing::Ge(8)));
  EXPECT_EQ(All(ReadSource("docs/runbook.md"), R"(\n## (\w+)\n\n[^#\n])"), alerts);
  for (const std::string& alert : alerts) {
    EXPECT_TRUE(absl::StrContains(ReadSource("deploy/prometheus/rules.yaml"),
                                  absl::StrCat("runbook.md#", absl::AsciiStrToLower(alert), "\n")))
        << alert;
  }
}

TEST(DeployTest, TheRunbookQuotesLinesThatAreLogged) {
  std::string sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SOURCE_DIR "/service")) {
    if (entry.path().extension() == ".cc") {
      sources += ReadSource(entry.path().lexically_relative(SOURCE_DIR));
    }
  }
  const std::set<std::string> events =
      All(ReadSource("docs/runbook.md"), R"re("event":"([^"]+)")re");
  EXPECT_THAT(events, SizeIs(testing::Ge(3)));
  for (const std::string& event : events) {
    EXPECT_TRUE(absl::StrContains(sources, absl::StrCat("\"", event, "\""))) << event;
  }
}

TEST(DeployTest, TheRunbookNamesPanelsOfTheDashboard) {
  // Leaves out the commands: they stand on lines of their own, indented by four spaces.
  const std::string prose =
      std::regex_replace(ReadSource("docs/runbook.md"), std::regex("\n    [^\n]*"), "");
  const std::set<std::string> panels = All(prose, R"re("([A-Z][^"]+)")re");
  EXPECT_THAT(panels, SizeIs(testing::Ge(3)));
  EXPECT_THAT(panels, IsSubsetOf(All(ReadSource("deploy/grafana/dashboard.json"),
                                     R"re("title": "([^"]+)")re")));
}

TEST(DeployTest, TheOperatorsObjectHoldsTheAlerts) {
  EXPECT_EQ(ReadSource("deploy/kubernetes/base/monitoring/prometheus-rule.yaml"),
            RunProgram({SOURCE_DIR "/deploy/check/prometheus-rule.sh"}).out)
      << "deploy/check/prometheus-rule.sh writes it";
}

// `make k8s-check` checks the manifests. This test checks only what needs no extra tools.
TEST(DeployTest, ThePodIsGivenTheTimeThatADrainTakes) {
  const auto config = LoadConfig(SOURCE_DIR "/deploy/config/production.json");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::set<std::string> grace = All(ReadSource("deploy/kubernetes/base/deployment.yaml"),
                                          R"(terminationGracePeriodSeconds: (\d+))");
  ASSERT_THAT(grace, SizeIs(1));
  EXPECT_GE(absl::Seconds(std::stoi(*grace.begin())),
            config->drain_delay + config->drain_grace + absl::Seconds(1));
}

// Puts a key and certificates where the cluster would mount them, and the policy beside them.
TEST(DeployTest, ProductionStartsWithWhatItsVolumesBring) {
  const TempDir mounts;
  Authority authority("issuer");
  const Identity gateway = authority.Issue({.names = "DNS:billing-gateway"});
  mounts.Write("api-key", "secret\n");
  mounts.Write("tls.crt", gateway.certificate);
  mounts.Write("tls.key", gateway.key);
  mounts.Write("ca.crt", authority.certificate());
  mounts.Write("policy.json", ReadSource("deploy/config/policy.json"));
  mounts.Write("dsn", "host=postgresql.example dbname=ledger user=gateway sslmode=verify-full");
  mounts.Write("fingerprint-secret", std::string(32, 's'));
  mounts.Write("reply-key", std::string(32, 'k'));
  mounts.Write("body-key", std::string(32, 'b'));
  const std::string text =
      absl::StrReplaceAll(ReadSource("deploy/config/production.json"),
                          {{"/var/run/secrets/billing-gateway/tls", mounts.Path()},
                           {"/var/run/secrets/billing-gateway/paynow", mounts.Path()},
                           {"/var/run/secrets/billing-gateway/ledger", mounts.Path()},
                           {"/var/run/secrets/billing-gateway/events", mounts.Path()},
                           {"/etc/billing-gateway", mounts.Path()}});
  const auto config = ParseConfig("production.json", text);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(Gateway::Check(*config), absl::OkStatus());
  EXPECT_TRUE(config->server.tls.enabled());
  EXPECT_FALSE(config->server.tls.client_ca_file.empty());
  EXPECT_TRUE(config->server.tls.require_client_certificate);
  EXPECT_FALSE(config->server.allow_plaintext);
}

}  // namespace
}  // namespace gateway
