// Every key of the configuration, from the table of keys: wrong types, near misses, bounds, and
// what a reload may do to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "service/config/config.h"
#include "tests/service/config/every_key.h"
#include "tests/service/config/minimal_config.h"

namespace gateway {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string PathOf(std::string pointer) {
  pointer.erase(0, 1);
  for (char& c : pointer) {
    if (c == '/') c = '.';
  }
  return pointer;
}

// Gives every key of the table a value of a type that no key accepts.
TEST(ConfigKeysTest, RefusesAWrongTypeAtEveryKey) {
  ASSERT_GE(ConfigKeys().size(), 25u);
  for (const ConfigReader::Key& key : ConfigKeys()) {
    const std::string pointer = PointerOf(key.path);
    const std::string error = Error(With(pointer, json::array({json::array({kSecret})})));
    EXPECT_THAT(error, HasSubstr("g.json: " + PathOf(pointer) + ": expected "));
    EXPECT_THAT(error, Not(HasSubstr("MARKER")));
  }
}

// Adds, next to every key of the table, a key with nearly the same name.
TEST(ConfigKeysTest, RefusesAnUnknownKeyBesideEveryKey) {
  for (const ConfigReader::Key& key : ConfigKeys()) {
    if (key.path.back() == '>') continue;  // there, every name is a valid key
    const std::string pointer = PointerOf(key.path) + "_";
    const std::string error = Error(With(pointer, kSecret));
    EXPECT_THAT(error, HasSubstr("g.json: " + PathOf(pointer) + ": unknown key"));
    EXPECT_THAT(error, Not(HasSubstr("MARKER")));
  }
}

TEST(ConfigKeysTest, HoldsNumbersAndDurationsToTheirBounds) {
  const std::string pool = "/upstreams/paynow/pool";
  const struct {
    std::string pointer;
    std::vector<json> good;
    std::vector<json> bad;
  } kRows[] = {
      {"/max_request_bytes", {1024, 67108864}, {1023, 67108865, -1, 0, 1e6}},
      {"/default_deadline", {"1ms", "1h"}, {"0s", "999us", "-1s", "30"}},
      {"/drain/delay", {"0s", "0", "5s"}, {"-1s", "5"}},
      {"/drain/grace", {"0s", "1h"}, {"-1s", "inf"}},
      {pool + "/event_loops", {1, 64}, {0, 65}},
      {pool + "/max_connections", {1, 10000}, {0, 10001, -1}},
      {pool + "/max_requests_per_connection", {0, 1000000000}, {-1, 1000000001}},
      {pool + "/max_queued", {0, 1000000}, {-1, 1000001}},
      {pool + "/connect_timeout", {"1ms", "10s"}, {"0s", "0"}},
      {pool + "/max_connection_age", {"1s"}, {"0s", "999ms"}},
      {pool + "/max_connection_idle", {"1s"}, {"0s", "999ms"}},
      {pool + "/tcp_keepalive", {"0s", "1s"}, {"-1s"}},
      {pool + "/max_header_bytes", {1024, 16777216}, {1023, 16777217}},
      {pool + "/max_body_bytes", {1024, 1073741824}, {1023, 1073741825}},
  };
  for (const auto& row : kRows) {
    for (const json& good : row.good) {
      EXPECT_EQ(Error(With(row.pointer, good)), "") << row.pointer << " " << good;
    }
    for (const json& bad : row.bad) {
      EXPECT_THAT(Error(With(row.pointer, bad)), HasSubstr("g.json: " + PathOf(row.pointer) + ": "))
          << bad;
    }
  }
}

Config Parsed(const json& config) { return ParseConfig("g.json", config.dump()).value(); }

// Returns Everything() with another value for this key: the first value of the list that the reader
// accepts. Returns nullopt if the reader accepts none.
std::optional<Config> Changed(const ConfigReader::Key& key) {
  const json values = {true,
                       false,
                       2,
                       3,
                       50,
                       500,
                       5000,
                       2000000,
                       0.5,
                       "7s",
                       "11m",
                       "400h",
                       "9000h",
                       "127.0.0.1:9",
                       "https://other",
                       "http://q:1",
                       "error",
                       "brackets",
                       "/other",
                       json::array({"x"}),
                       json::array({"paynow"})};
  const std::string pointer = PointerOf(key.path);
  for (const json& value : values) {
    json config = Everything();
    RemoveRival(pointer, config);
    const json before = config.value(json::json_pointer(pointer), json::parse(key.default_value));
    if (value == before) continue;
    config[json::json_pointer(pointer)] = value;
    auto changed = ParseConfig("g.json", config.dump());
    if (changed.ok()) return *std::move(changed);
  }
  return std::nullopt;
}

TEST(ConfigKeysTest, EveryKeyIsTakenByAReloadOrRefusedByName) {
  const Config now = Parsed(Everything());
  std::map<ReloadRule, int> keys;
  for (const ConfigReader::Key& key : ConfigKeys()) {
    if (key.default_value.empty()) continue;  // a section
    const std::optional<Config> next = Changed(key);
    ASSERT_TRUE(next) << key.path << ": none of the values is another one that it takes";
    const std::string refused(CheckReload(now.ruled, next->ruled).message());
    ++keys[key.rule];
    // If the key stands for all members of a map, the error names the map.
    std::string named = PathOf(PointerOf(key.path.substr(0, key.path.find(".<beginning>"))));
    for (const char* const member : {".<RPC>", ".<field>"}) {
      if (const size_t at = key.path.find(member); at != std::string::npos) {
        named = PathOf(PointerOf(key.path.substr(0, at)));
      }
    }
    if (absl::EndsWith(key.path, ".postgresql.dsn_file")) {
      named = absl::StrReplaceAll(key.path, {{"postgresql.dsn_file", "file"}});  // RemoveRival()
    }
    switch (key.rule) {
      case ReloadRule::kTaken:
        EXPECT_EQ(refused, "") << key.path;
        break;
      case ReloadRule::kRestart:
        EXPECT_EQ(refused, named + ": cannot change without a restart");
        break;
      case ReloadRule::kOffOnly:
        EXPECT_EQ(refused, named + ": can be turned on by a restart alone");
        EXPECT_TRUE(CheckReload(next->ruled, now.ruled).ok()) << key.path;
        break;
      case ReloadRule::kSamePresence:
        ADD_FAILURE() << key.path << " is no section";
    }
  }
  EXPECT_GE(keys[ReloadRule::kTaken], 50);
  EXPECT_GE(keys[ReloadRule::kRestart], 50);
  EXPECT_EQ(keys[ReloadRule::kOffOnly], 4);
}

TEST(ConfigKeysTest, AReloadAddsAndRemovesNeitherUpstreamsNorAuthorization) {
  const Config all = Parsed(Everything());
  json other_upstream = Everything();
  other_upstream["upstreams"]["qashier"] = other_upstream["upstreams"]["paynow"];
  json no_authorization = Everything();
  no_authorization.erase("authorization");
  const struct {
    json config;
    std::string refused;
  } kRows[] = {
      {other_upstream, "upstreams: cannot change without a restart"},
      {no_authorization, "authorization: cannot change without a restart"},
  };
  for (const auto& row : kRows) {
    const Config other = Parsed(row.config);
    EXPECT_EQ(CheckReload(all.ruled, other.ruled).message(), row.refused);
    EXPECT_EQ(CheckReload(other.ruled, all.ruled).message(), row.refused);
  }
}

// A key that is written with its default changes nothing, in whatever form the default is written.
TEST(ConfigKeysTest, AReloadComparesWhatIsInForceNotWhatIsWritten) {
  json config = Everything();
  config["listen"] = "127.0.0.1:50051";
  config["server"]["keepalive_time"] = "60s";
  config["tracing"]["sample_ratio"] = TracingConfig().sample_ratio;
  EXPECT_TRUE(CheckReload(Parsed(Everything()).ruled, Parsed(config).ruled).ok());
}

}  // namespace
}  // namespace gateway
