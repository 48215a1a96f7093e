// A change of configuration or keys that is no good: the old stays in force.
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
  // The file that the gateway watches, as an editor writes it: whole, then into its place.
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

  TempDir directory_;
};

TEST_P(ReloadFaults, Case43MalformedConfigOrSecret) {
  if (!Front::IsThroughGrpc()) {
    return NotProduced("files are watched by the service, which is not under test here");
  }
  FaultyUpstream upstream(wire(), [](const Received& request) {
    const bool good_key = request.Header("authorization") == "APIKey good";
    return good_key ? Reaction::Json(R"({"id": "1"})") : Reaction::Status(401);
  });
  Replace("key", "good\n");
  json good;
  good["listen"] = "127.0.0.1:0";
  json& paynow = good["upstreams"]["paynow"];
  paynow["base_url"] = upstream.base_url();
  paynow["default_store"] = kStore;
  paynow["api_key"]["file"] = directory_.Path("key");
  if (wire() == Wire::kTls) paynow["ca_file"] = upstream.ca_file();
  Replace("gateway.json", good.dump());
  absl::StatusOr<Config> loaded = LoadConfig(directory_.Path("gateway.json"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  config() = *loaded;
  ServeUrl(upstream.base_url(), upstream.ca_file());
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
    // The line comes just after the number.
    const absl::Time patience = absl::Now() + kPatience;
    while (RefusalsIn(log) < changed && absl::Now() < patience) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_EQ(RefusalsIn(log), changed);
    ExpectOk(Call(Refund()));
    // It still looks for changes, and takes a good one.
    Replace(file, file == "key" ? "good\n" : good.dump());
    ExpectMetric("gateway_reloads_total", {{"result", "applied"}}, changed);
    ExpectOk(Call(Refund()));
  }
  EXPECT_EQ(upstream.executions(), 1 + 2 * changed);
  EXPECT_EQ(upstream.faults(), 0);
  ExpectAttempts("write", {{"2xx", 1 + 2 * changed}});
  Saw(absl::StrCat(changed, " refused"));
}

INSTANTIATE_TEST_SUITE_P(, ReloadFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
