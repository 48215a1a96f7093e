#include "service/config/sweep_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "service/config/config.h"
#include "service/gateway.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using nlohmann::json;

class SweepConfigTest : public testing::Test {
 protected:
  SweepConfigTest() {
    const std::string key = directory_.Write("key", "k");
    config_ = {{"listen", "127.0.0.1:0"},
               {"events", {{"file", directory_.Path("events/e.db")}}},
               {"webhooks",
                {{"listen", "127.0.0.1:0"},
                 {"providers", {{"paynow", {{"secrets", {{"a", {{"file", key}}}}}}}}}}}};
    for (const char* const upstream : {"paynow", "paymentkit"}) {
      config_["upstreams"][upstream] = {{"base_url", "https://api.example"},
                                        {"api_key", {{"file", key}}}};
    }
    config_["events"]["sweep"]["paynow"] = {{"stores", {"1"}}};
  }

  json& Sweep() { return config_["events"]["sweep"]["paynow"]; }

  // Returns the error that --check-config prints.
  std::string Error() const {
    const auto config = ParseConfig("g.json", config_.dump());
    if (!config.ok()) return std::string(config.status().message());
    return std::string(Gateway::Check(*config).message());
  }

  const TempDir directory_;
  json config_;
};

TEST_F(SweepConfigTest, HasDefaults) {
  const auto config = ParseConfig("g.json", config_.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  SweepConfig expected;
  expected.stores = {"1"};
  EXPECT_EQ(config->events.sweep.at("paynow"), expected);
  EXPECT_EQ(Error(), "");
}

TEST_F(SweepConfigTest, IsReadWhole) {
  Sweep() = json::parse(R"({"stores": ["1", "2"], "every": "1m", "settle": "2m",
      "look_back": "3h", "pages_per_minute": 4})");
  const auto config = ParseConfig("g.json", config_.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  const SweepConfig expected = {.stores = {"1", "2"},
                                .every = absl::Minutes(1),
                                .settle = absl::Minutes(2),
                                .look_back = absl::Hours(3),
                                .pages_per_minute = 4};
  EXPECT_EQ(config->events.sweep.at("paynow"), expected);
}

TEST_F(SweepConfigTest, SaysWhatIsWrong) {
  const std::string place = "g.json: events.sweep.paynow";
  Sweep() = json::object();
  EXPECT_EQ(Error(), place + ".stores: is required");
  Sweep() = {{"stores", {"1"}}, {"settle", "40h"}, {"look_back", "40h"}};
  EXPECT_EQ(Error(), place + ".settle: must be shorter than look_back");
  Sweep() = {{"stores", {"1"}}, {"look_back", "721h"}};
  EXPECT_EQ(
      Error(),
      place + ".look_back: is longer than events.keep: what is not kept would be found again");
  Sweep() = {{"stores", {"1"}}, {"pages_per_minute", 0}};
  EXPECT_EQ(Error(), place + ".pages_per_minute: expected a whole number from 1 to 60000");
}

TEST_F(SweepConfigTest, WantsAnUpstreamThatIsKnownAndWhoseWebhooksAreReceived) {
  config_["events"]["sweep"] = {{"paylater", {{"stores", {"1"}}}}};
  EXPECT_EQ(Error(), "g.json: events.sweep.paylater: upstreams has none of this name");
  config_["events"]["sweep"] = {{"paymentkit", {{"stores", {"1"}}}}};
  EXPECT_EQ(Error(),
            "g.json: events.sweep.paymentkit: the protos of this provider say nothing of what to "
            "look for");
  config_["events"]["sweep"] = {{"paynow", {{"stores", {"1", "a store"}}}}};
  EXPECT_EQ(Error(), "g.json: events.sweep.paynow: stores: one of them is no id of a store");
  config_["events"]["sweep"] = {{"paynow", {{"stores", {"1"}}}}};
  config_["webhooks"].erase("listen");
  EXPECT_EQ(Error(),
            "g.json: events.sweep.paynow: its webhooks are not received: everything would be found "
            "missing");
  // Another gateway may receive the webhooks into a shared log.
  config_["events"].erase("file");
  config_["events"]["postgresql"] = {
      {"dsn_file", directory_.Write("dsn", "host=/nowhere dbname=x user=x")}};
  config_["events"]["body_key_file"] = directory_.Write("body", std::string(32, 'b'));
  EXPECT_EQ(Error(), "");
}

}  // namespace
}  // namespace gateway
