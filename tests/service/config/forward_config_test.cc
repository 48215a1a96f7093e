#include "service/config/forward_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "service/config/config.h"

namespace gateway {
namespace {

using nlohmann::json;

json Http() {
  return {{"url", "https://shop.example/events"}, {"secrets", {{"a", {{"file", "/secret"}}}}}};
}

// A configuration whose only forwarder is this one.
std::string Text(const json& forward) {
  return json{
      {"listen", "127.0.0.1:0"},
      {"upstreams",
       {{"paynow", {{"base_url", "https://api.example"}, {"api_key", {{"file", "/key"}}}}}}},
      {"events",
       {{"file", "/e.db"}, {"subscriptions", {{"taken", json::object()}}}, {"forward", forward}}}}
      .dump();
}

std::string Error(const json& forward) {
  const auto config = ParseConfig("g.json", Text(forward));
  return config.ok() ? "" : std::string(config.status().message());
}

// Returns the error of a forwarder over HTTP after `change` is merged into its `http` section.
std::string ErrorOfHttp(const json& change) {
  json http = Http();
  http.merge_patch(change);
  return Error({{"shop", {{"http", http}}}});
}

TEST(ForwardConfigTest, HasDefaults) {
  const auto config = ParseConfig("g.json", Text({{"shop", {{"http", Http()}}}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ForwardConfig expected;
  expected.http.url = "https://shop.example/events";
  expected.http.secrets["a"].file = "/secret";
  EXPECT_EQ(config->events.forward.at("shop"), expected);
}

TEST(ForwardConfigTest, IsReadWhole) {
  const auto config = ParseConfig("g.json", Text({{"shop", json::parse(R"({
      "providers": ["paynow"], "types": ["ON_REFUND"], "stores": ["1"], "max_attempts": 5,
      "ordered": true, "max_in_flight": 3, "timeout": "2s", "base_wait": "20ms", "max_wait": "7s",
      "http": {"url": "http://shop.example/events", "allow_plaintext": true, "ca_file": "/ca",
               "tls": {"certificate_file": "/c", "key_file": "/k"},
               "proxy": {"url": "http://proxy:1", "user": "u", "password_file": "/p"},
               "secrets": {"a": {"file": "/secret"}, "b": {"env": "SECRET"}}}})")}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ForwardConfig expected;
  expected.providers = {"paynow"};
  expected.types = {"ON_REFUND"};
  expected.stores = {"1"};
  expected.max_attempts = 5;
  expected.ordered = true;
  expected.max_in_flight = 3;
  expected.timeout = absl::Seconds(2);
  expected.base_wait = absl::Milliseconds(20);
  expected.max_wait = absl::Seconds(7);
  expected.http = {
      .url = "http://shop.example/events",
      .allow_plaintext = true,
      .tls = {.ca_file = "/ca", .certificate_file = "/c", .key_file = "/k"},
      .proxy = {.url = "http://proxy:1", .user = "u", .password_file = "/p"},
      .secrets = {{"a", {.file = "/secret", .env = ""}}, {"b", {.file = "", .env = "SECRET"}}}};
  EXPECT_EQ(config->events.forward.at("shop"), expected);
}

TEST(ForwardConfigTest, SaysWhatIsWrong) {
  const std::string place = "g.json: events.forward.shop";
  EXPECT_EQ(Error({{"shop", json::object()}}), place + ": needs http or nats");
  EXPECT_EQ(ErrorOfHttp({{"url", nullptr}}), place + ".http.url: is required");
  EXPECT_EQ(ErrorOfHttp({{"url", "http://shop.example/"}}),
            place +
                ".http.url: events would cross the network in plain text: use https://, or set "
                "allow_plaintext to true");
  EXPECT_EQ(ErrorOfHttp({{"url", "http://127.0.0.1:8080/"}}), "");
  EXPECT_EQ(ErrorOfHttp({{"secrets", nullptr}}), place + ".http.secrets: one is required, or two");
  EXPECT_EQ(ErrorOfHttp({{"secrets", {{"b", {{"env", "B"}}}, {"c", {{"env", "C"}}}}}}),
            place + ".http.secrets: there are more than two");
  EXPECT_EQ(ErrorOfHttp({{"secrets", {{"a", {{"file", nullptr}}}}}}),
            place + ".http.secrets.a: set either file or env");
  EXPECT_EQ(ErrorOfHttp({{"redirects", true}}), place + ".http.redirects: unknown key");
  EXPECT_EQ(Error({{"shop", {{"http", Http()}, {"timeout", "6m"}}}}),
            place + ".timeout: must be at most 5m");
  EXPECT_EQ(Error({{"shop", {{"http", Http()}, {"base_wait", "11m"}}}}),
            place + ".base_wait: is longer than max_wait");
  EXPECT_EQ(Error({{"taken", {{"http", Http()}}}}),
            "g.json: events.forward.taken: events.subscriptions has the same name");
  EXPECT_EQ(Error({{"a b", {{"http", Http()}}}}),
            "g.json: events.forward.a b: a name has letters, digits, -, _ and dots, at most 100");
}

json Nats() {
  return {{"servers", {"tls://nats.example:4222"}},
          {"stream", "BILLING"},
          {"subject", "billing.events"}};
}

// Returns the error of a forwarder to NATS after `change` is merged into its `nats` section.
std::string ErrorOfNats(const json& change) {
  json nats = Nats();
  nats.merge_patch(change);
  return Error({{"shop", {{"nats", nats}}}});
}

TEST(ForwardConfigTest, NatsIsReadWhole) {
  json nats = Nats();
  nats.merge_patch({{"servers", {"nats://a:1", "tls://b:2"}},
                    {"allow_plaintext", true},
                    {"ca_file", "/ca"},
                    {"user", "u"},
                    {"password_file", "/p"}});
  const auto config = ParseConfig("g.json", Text({{"shop", {{"nats", nats}}}}));
  ASSERT_TRUE(config.ok()) << config.status();
  const NatsForwardConfig expected = {
      .servers = {"nats://a:1", "tls://b:2"},
      .stream = "BILLING",
      .subject = "billing.events",
      .allow_plaintext = true,
      .tls = {.ca_file = "/ca", .certificate_file = "", .key_file = ""},
      .user = "u",
      .password_file = "/p",
      .credentials_file = ""};
  EXPECT_EQ(config->events.forward.at("shop").nats, expected);
}

TEST(ForwardConfigTest, SaysWhatIsWrongWithNats) {
  const std::string place = "g.json: events.forward.shop";
  EXPECT_EQ(Error({{"shop", {{"nats", Nats()}, {"http", Http()}}}}),
            place + ": has both http and nats");
  EXPECT_EQ(ErrorOfNats({{"servers", nullptr}}), place + ".nats.servers: is required");
  EXPECT_EQ(ErrorOfNats({{"servers", {"nats://nats.example:4222"}}}),
            place +
                ".nats.servers: events would cross the network in plain text: use tls://, or set "
                "allow_plaintext to true");
  EXPECT_EQ(ErrorOfNats({{"servers", {"nats://127.0.0.1:4222"}}}), "");
  EXPECT_EQ(ErrorOfNats({{"stream", "A.B"}}),
            place + ".nats.stream: must be a name of letters, digits, - and _");
  EXPECT_EQ(ErrorOfNats({{"subject", "a.>"}}),
            place + ".nats.subject: must be names of letters, digits, - and _, with dots between");
  EXPECT_EQ(ErrorOfNats({{"user", "u"}}), place + ".nats: user and password_file belong together");
  EXPECT_EQ(ErrorOfNats({{"user", "u"}, {"password_file", "/p"}, {"credentials_file", "/c"}}),
            place + ".nats.credentials_file: stands beside user");
}

}  // namespace
}  // namespace gateway
