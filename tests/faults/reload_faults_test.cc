// If the configuration or a key is changed to something invalid, the old state stays in force.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/service/captured_stderr.h"

namespace gateway::faults {
namespace {

using nlohmann::json;

class ReloadFaults : public WireBench {
 protected:
  // Replaces a watched file as an editor does: writes a new file, then renames it.
  void Replace(const std::string& name, const std::string& text) {
    const std::string fresh = directory_.Write(name + ".fresh", text);
    std::filesystem::rename(fresh, directory_.Path(name));
  }

  static int RefusalsIn(const CapturedStderr& log) {
    int refusals = 0;
    for (const std::string& line : log.Lines()) {
      refusals += absl::StrContains(line, "changed configuration refused");
    }
    return refusals;
  }

  // Writes the file `key`. Returns a configuration that reads the API key from it.
  json ConfigFor(const FaultyUpstream& upstream) {
    json config;
    config["listen"] = "127.0.0.1:0";
    json& paynow = config["upstreams"]["paynow"];
    paynow["base_url"] = upstream.base_url();
    paynow["default_store"] = kStore;
    paynow["api_key"]["file"] = directory_.Path("key");
    if (wire() == Wire::kTls) paynow["ca_file"] = upstream.ca_file();
    Replace("key", "good\n");
    return config;
  }

  // Starts a gateway that watches this configuration.
  void ServeFile(const json& text, const FaultyUpstream& upstream) {
    Replace("gateway.json", text.dump());
    absl::StatusOr<Config> loaded = LoadConfig(directory_.Path("gateway.json"));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    config() = *loaded;
    ServeUrl(upstream.base_url(), upstream.ca_file());
  }

  TempDir directory_;
};

TEST_P(ReloadFaults, Case43MalformedConfigOrSecret) {
  FaultyUpstream upstream(wire(), [](const Received& request) {
    const bool good_key = request.Header("authorization") == "APIKey good";
    return good_key ? Reaction::Json(R"({"id": "1"})") : Reaction::Status(401);
  });
  const json good = ConfigFor(upstream);
  ServeFile(good, upstream);
  ExpectOk(Call(Refund()));

  const CapturedStderr log;
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"gateway.json", "{\"listen\": "},
      {"gateway.json", ""},
      {"gateway.json", good.patch(json::parse(R"([{"op": "add", "path": "/nonsense",
                                                   "value": 1}])"))
                           .dump()},
      {"gateway.json", good.patch(json::parse(R"([{"op": "replace", "value": "nowhere",
                                                   "path": "/upstreams/paynow/base_url"}])"))
                           .dump()},
      {"key", ""},
      {"key", "two\nlines\n"},
  };
  int changed = 0;
  for (const auto& [file, text] : changes) {
    SCOPED_TRACE(absl::StrCat(file, ": ", text));
    ++changed;
    Replace(file, text);
    ExpectMetric("gateway_reloads_total", {{"result", "refused"}}, changed);
    // The log line appears just after the counter changes.
    const absl::Time patience = absl::Now() + kPatience;
    while (RefusalsIn(log) < changed && absl::Now() < patience) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_EQ(RefusalsIn(log), changed);
    ExpectOk(Call(Refund()));
    // The gateway still watches for changes, and applies a good one.
    Replace(file, file == "key" ? "good\n" : good.dump());
    ExpectMetric("gateway_reloads_total", {{"result", "applied"}}, changed);
    ExpectOk(Call(Refund()));
  }
  EXPECT_EQ(upstream.executions(), 1 + 2 * changed);
  EXPECT_EQ(upstream.faults(), 0);
  ExpectAttempts("write", {{"2xx", 1 + 2 * changed}});
  Saw(absl::StrCat(changed, " refused"));
}

// A reload is refused for a reason unrelated to the key, and the upstream refuses the key in force.
// The call must not use the new key, because the reload that contains it was not accepted.
TEST_P(ReloadFaults, Case52RefusedReloadWhoseKeyChangedTooAndA401) {
  std::atomic<bool> good_key_ended = false;
  std::atomic<int> unaccepted = 0;
  FaultyUpstream upstream(wire(), [&](const Received& request) {
    const std::string key(request.Header("authorization"));
    if (key == "APIKey good" && !good_key_ended) return Reaction::Json(R"({"id": "1"})");
    if (key == "APIKey accepted") return Reaction::Json(R"({"id": "1"})");
    unaccepted += key != "APIKey good";
    return Reaction::Status(401);
  });
  Replace("secret", "whsec_c2VjcmV0LW9mLXRoZS10ZXN0\n");
  json good = ConfigFor(upstream);
  good["webhooks"]["providers"]["paynow"]["secrets"]["first"]["file"] = directory_.Path("secret");
  ServeFile(good, upstream);
  ExpectOk(Call(Refund()));
  good_key_ended = true;

  int refused = 0;
  int declined = 0;
  const std::vector<std::pair<std::string, std::string>> spoilt = {
      {"gateway.json", "{\"listen\": "}, {"secret", ""}};
  for (const auto& [file, text] : spoilt) {
    SCOPED_TRACE(file);
    Replace(file, text);
    ExpectMetric("gateway_reloads_total", {{"result", "refused"}}, ++refused);
    Replace("key", absl::StrCat("of-a-refused-reload-", refused, "\n"));
    ExpectMetric("gateway_reloads_total", {{"result", "refused"}}, ++refused);
    ExpectSeen(Call(Refund()), absl::StatusCode::kUnauthenticated, "refused",
               "UPSTREAM_UNAUTHENTICATED");
    ++declined;
    EXPECT_EQ(unaccepted, 0);
    ExpectMetric("gateway_upstream_keys_renewed_total", {}, 0);
    // Return to an accepted reload before the next file is damaged.
    Replace("key", "good\n");
    Replace(file, file == "secret" ? "whsec_c2VjcmV0LW9mLXRoZS10ZXN0\n" : good.dump());
    ExpectMetric("gateway_reloads_total", {{"result", "applied"}}, declined);
    refused = static_cast<int>(Metric("gateway_reloads_total", {{"result", "refused"}}));
  }
  Replace("key", "accepted\n");
  ASSERT_TRUE(Comes([&] { return Call(Refund()).ok(); }));
  EXPECT_EQ(unaccepted, 0);
  Saw(absl::StrCat(declined, " declined, no key of a refused reload sent"));
}

INSTANTIATE_TEST_SUITE_P(, ReloadFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
