#include "service/config/profile_config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>
#include <string>

#include "service/config/config.h"
#include "service/gateway.h"

namespace gateway {
namespace {

using nlohmann::json;

// Returns a configuration of Qashier with this profile.
std::string Text(const json& profile) {
  json config = json::parse(R"({"listen": "127.0.0.1:0", "upstreams": {"qashier": {
      "base_url": "http://127.0.0.1:1", "api_key": {"env": "PROFILE_TEST_KEY"}}}})");
  config["upstreams"]["qashier"]["profile"] = profile;
  return config.dump();
}

std::string Error(const json& profile) {
  const absl::StatusOr<Config> config = ParseConfig("g.json", Text(profile));
  return config.ok() ? "" : std::string(config.status().message());
}

TEST(ProfileConfigTest, IsReadWhole) {
  const auto config = ParseConfig("g.json", Text(json::parse(R"({
      "authorization_scheme": "Bearer", "members": "dots", "lists": "commas",
      "path_prefixes": {"/checkout": "/pay"},
      "operations": {"a.B.C": "GET /x"}, "wire_names": {"a.B.c": "d"}})")));
  ASSERT_TRUE(config.ok()) << config.status();
  const mapping::ProfileOverrides& profile = config->upstreams.at("qashier").profile;
  EXPECT_EQ(profile.authorization_scheme, "Bearer");
  EXPECT_EQ(profile.members, v1::MEMBERS_AFTER_DOTS);
  EXPECT_EQ(profile.lists, v1::LISTS_WITH_COMMAS);
  EXPECT_EQ(profile.path_prefixes.at("/checkout"), "/pay");
  EXPECT_EQ(profile.operations.at("a.B.C"), "GET /x");
  EXPECT_EQ(profile.wire_names.at("a.B.c"), "d");
}

TEST(ProfileConfigTest, KnowsEveryStyle) {
  const auto lists = [](const char* text) {
    return ParseConfig("g.json", Text({{"lists", text}}))->upstreams.at("qashier").profile.lists;
  };
  EXPECT_EQ(lists("repeat"), v1::LISTS_REPEAT_KEY);
  EXPECT_EQ(lists("brackets"), v1::LISTS_IN_BRACKETS);
  EXPECT_EQ(lists("index"), v1::LISTS_WITH_INDEX);
  EXPECT_EQ(lists(""), v1::LISTS_UNSPECIFIED);
}

TEST(ProfileConfigTest, RefusesWhatItDoesNotKnow) {
  constexpr char kPlace[] = "g.json: upstreams.qashier.profile.";
  EXPECT_EQ(Error({{"members", "slashes"}}),
            std::string(kPlace) + "members: expected brackets or dots");
  EXPECT_EQ(Error({{"lists", "spaces"}}),
            std::string(kPlace) + "lists: expected repeat, brackets, index or commas");
  EXPECT_EQ(Error({{"operations", "GET /x"}}),
            std::string(kPlace) + "operations: expected an object");
  EXPECT_EQ(Error({{"operations", {{"a.B.C", 5}}}}),
            std::string(kPlace) + "operations.a.B.C: expected a string");
  EXPECT_EQ(Error({{"color", "red"}}), std::string(kPlace) + "color: unknown key");
}

TEST(ProfileConfigTest, IsHeldAgainstTheProtosAtStart) {
  ::setenv("PROFILE_TEST_KEY", "k", 1);
  const auto check = [](const json& profile) {
    return std::string(Gateway::Check(*ParseConfig("g.json", Text(profile))).message());
  };
  EXPECT_EQ(check(json::object()), "");
  EXPECT_EQ(check({{"operations", {{"qashier.v1.CheckoutSessionsService.Pay", "GET /x"}}}}),
            "g.json: qashier: there is no RPC qashier.v1.CheckoutSessionsService.Pay");
  EXPECT_EQ(check({{"wire_names", {{"qashier.v1.CheckoutSession.color", "c"}}}}),
            "g.json: qashier: there is no field qashier.v1.CheckoutSession.color");
  EXPECT_EQ(check({{"path_prefixes", {{"/checkout/sessions/{id}", "/session"}}}}),
            "g.json: qashier.v1.CheckoutSessionsService.RetrieveCheckoutSession: id has no place "
            "in the configured path");
}

}  // namespace
}  // namespace gateway
