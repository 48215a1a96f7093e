// Settings that are well-formed, and wrong beside others.
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

// Of reading the configuration, or of what it says together.
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
  config["ledger"] = json::object();
  config["tracing"]["file"] = config["audit"]["file"] = "/dev/stdout";
  EXPECT_EQ(Error(config), "");
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
}

}  // namespace
}  // namespace gateway
