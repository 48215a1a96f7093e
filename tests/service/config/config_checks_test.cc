// Settings that are valid alone, and wrong together with others.
#include "service/config/config_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/config/config.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json Minimal() {
  return json::parse(
      R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"env": "K"}}}})");
}

// Returns the error of reading the configuration, or else of the checks across sections.
std::string Error(const json& config) {
  const absl::StatusOr<Config> parsed = ParseConfig("g.json", config.dump());
  return std::string(parsed.ok() ? CheckAgreement(*parsed).message() : parsed.status().message());
}

TEST(ConfigChecksTest, FindTwoNamesOfOnePort) {
  struct Row {
    const char* listen;
    const char* other;
    bool same;
  };
  for (const Row& row :
       {Row{"127.0.0.1:5", "127.0.0.1:5", true}, Row{"127.0.0.1:5", "127.0.0.1:6", false},
        Row{"127.0.0.1:5", "127.0.0.1:05", true}, Row{"localhost:5", "127.0.0.1:5", true},
        Row{"127.0.0.1:5", "0.0.0.0:5", true}, Row{"[::]:5", "127.0.0.1:5", true},
        Row{":5", "127.0.0.1:5", true}, Row{"127.0.0.1:5", "127.0.0.2:5", false},
        Row{"127.0.0.1:0", "127.0.0.1:0", false}, Row{"unix:/a", "unix:/a", true},
        Row{"unix:/a", "unix:/b", false}, Row{"127.0.0.1:5", "", false}}) {
    EXPECT_EQ(SameAddress(row.listen, row.other), row.same) << row.listen << " " << row.other;
    EXPECT_EQ(SameAddress(row.other, row.listen), row.same) << row.listen << " " << row.other;
  }
}

TEST(ConfigChecksTest, FindAProbesPortThatIsNoneOrTaken) {
  json config = Minimal();
  config["server"]["probe_listen"] = "127.0.0.1:70000";
  EXPECT_THAT(Error(config), HasSubstr("g.json: server.probe_listen: the port must be at most"));
  config["server"]["probe_listen"] = "0.0.0.0:50051";
  EXPECT_EQ(Error(config), "g.json: server.probe_listen: is the same as listen");
  config["server"]["probe_listen"] = "127.0.0.1:9464";
  config["metrics"]["listen"] = "127.0.0.1:9464";
  EXPECT_EQ(Error(config), "g.json: metrics.listen: is the same as server.probe_listen");
}

TEST(ConfigChecksTest, FindALimitWhoseBoundsCross) {
  json config = Minimal();
  json& limit = config["upstreams"]["paynow"]["concurrency"];
  limit = {{"maximum", 10}};
  EXPECT_EQ(Error(config),
            "upstreams.paynow.concurrency.maximum: is 10, below concurrency.minimum, which is 40");
  limit = {{"maximum", 10}, {"minimum", 5}};
  EXPECT_EQ(Error(config),
            "upstreams.paynow.concurrency.initial: is 48, not between concurrency.minimum and "
            "concurrency.maximum, which are 5 and 10");
  limit = {{"initial", 10}};
  EXPECT_THAT(Error(config), HasSubstr("concurrency.initial: is 10, not between"));
  limit = {{"maximum", 10}, {"minimum", 5}, {"initial", 10}};
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigChecksTest, FindOneFileForTwoPurposes) {
  json config = Minimal();
  config["audit"]["file"] = "/var/log/gateway";
  config["tracing"]["file"] = "/var/log/gateway";
  EXPECT_EQ(Error(config), "audit.file: is the same file as tracing.file");
  config["tracing"]["file"] = "";
  config["ledger"]["file"] = "/var/log/gateway";
  EXPECT_EQ(Error(config), "ledger.file: is the same file as audit.file");
  config["ledger"]["file"] = config["events"]["file"] = "/var/lib/gateway.db";
  EXPECT_EQ(Error(config), "events.file: is the same file as ledger.file");
  config.erase("ledger");
  config.erase("events");
  config["tracing"]["file"] = config["audit"]["file"] = "/dev/stdout";
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigChecksTest, FindAFolderThatIsToBeAFile) {
  for (const char* const section : {"audit", "tracing", "ledger", "events"}) {
    json config = Minimal();
    config[section]["file"] = "/tmp";
    EXPECT_EQ(Error(config), absl::StrCat(section, ".file: /tmp is a folder"));
  }
}

TEST(ConfigChecksTest, FindALogOfEventsWithTwoStoresOrNone) {
  json config = Minimal();
  json& events = config["events"];
  events["keep"] = "1h";
  EXPECT_EQ(Error(config), "g.json: events.file: or postgresql.dsn_file is required");
  events["postgresql"]["dsn_file"] = "/dsn";
  EXPECT_EQ(
      Error(config),
      "g.json: events.body_key_file: is required with PostgreSQL: all gateways need the same");
  events["body_key_file"] = "/key";
  EXPECT_EQ(Error(config), "");
  events["file"] = "/events/events.db";
  EXPECT_EQ(Error(config),
            "g.json: events.file: stands beside postgresql.dsn_file: a log has one store");
}

TEST(ConfigChecksTest, FindTrustDomainsThatBindNobody) {
  json config = Minimal();
  json& tls = config["server"]["tls"];
  tls = {{"certificate_file", "/c"}, {"key_file", "/k"}};
  tls["trust_domains"]["example"]["ca_file"] = "/example.pem";
  EXPECT_EQ(Error(config), "g.json: server.tls.trust_domains: needs client_ca_file");
  tls["client_ca_file"] = "/ca";
  EXPECT_EQ(Error(config), "");
  for (const char* const bad : {"Example", "spiffe://example", "a b", "example/ns"}) {
    json spoiled = config;
    spoiled["server"]["tls"]["trust_domains"] = {{bad, {{"ca_file", "/x"}}}};
    EXPECT_EQ(Error(spoiled), absl::StrCat("g.json: server.tls.trust_domains.", bad,
                                           ": is no name of a trust domain"));
  }
  tls["trust_domains"]["example"] = json::object();
  EXPECT_EQ(Error(config), "g.json: server.tls.trust_domains.example.ca_file: is required");
  tls["trust_domains"] = json::object();
  EXPECT_EQ(Error(config),
            "g.json: server.tls.trust_domains: is empty: leave it out, or name something");
}

TEST(ConfigChecksTest, FindClientCertificatesThatNobodyIsAskedFor) {
  json config = Minimal();
  json& tls = config["server"]["tls"];
  tls = {{"certificate_file", "/c"}, {"key_file", "/k"}, {"require_client_certificate", true}};
  EXPECT_EQ(Error(config),
            "g.json: server.tls.require_client_certificate: needs client_ca_file: nobody is asked "
            "without it");
  tls["require_client_certificate"] = false;
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigChecksTest, FindALedgerWithoutAStore) {
  json config = Minimal();
  for (const json& ledger :
       {json::object(), json{{"keep_replies", "1h"}}, json{{"postgresql", json::object()}}}) {
    config["ledger"] = ledger;
    EXPECT_EQ(Error(config), "g.json: ledger: set either file or postgresql.dsn_file") << ledger;
  }
}

TEST(ConfigChecksTest, FindRepeatsThatNeedALedger) {
  json config = Minimal();
  config["upstreams"]["paynow"]["harmless_repeats"] = {"*"};
  EXPECT_EQ(Error(config), "g.json: upstreams.paynow.harmless_repeats: needs the ledger");
  config["ledger"]["file"] = "/ledger/ledger.db";
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigChecksTest, FindSubscriptionsToNobodysEvents) {
  json config = Minimal();
  config["events"] = {{"file", "/events/events.db"},
                      {"subscriptions", {{"shop", {{"providers", {"paynow", "nobody"}}}}}}};
  config["webhooks"]["providers"]["paynow"]["secrets"]["one"]["env"] = "K";
  EXPECT_EQ(Error(config),
            "g.json: events.subscriptions.shop.providers: there are no webhooks of nobody");
  // With PostgreSQL, another gateway may receive these webhooks into the same database.
  config["events"].erase("file");
  config["events"]["postgresql"]["dsn_file"] = "/events/dsn";
  config["events"]["body_key_file"] = "/events/key";
  EXPECT_EQ(Error(config), "");
}

TEST(ConfigChecksTest, FindTimesThatNoClockReaches) {
  json config = Minimal();
  config["default_deadline"] = "9999999999h";
  EXPECT_EQ(Error(config), "g.json: default_deadline: must be at most 878400h");
  config["default_deadline"] = "876000h";
  EXPECT_EQ(Error(config), "");
}

}  // namespace
}  // namespace gateway
