// Attacks through rules that allow more than their author intended.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/security/raw_http2.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using nlohmann::json;
using enum grpc::StatusCode;

class AccessAttacks : public AttackTest {
 protected:
  // Runs the gateway with --check-config and this policy. Returns the exit code.
  static int Starts(const TempDir& directory, const std::string& policy_file) {
    const json config = {{"listen", "127.0.0.1:0"},
                         {"authorization", {{"policy_file", policy_file}}},
                         {"upstreams",
                          {{"paynow",
                            {{"base_url", "http://127.0.0.1:1"},
                             {"api_key", {{"file", directory.Write("key", kMarker)}}}}}}}};
    return RunProgram({GATEWAY, "--config", directory.Write("gateway.json", config.dump()),
                       "--check-config"})
        .exit_code;
  }
};

TEST_F(AccessAttacks, Attack58SecretsByACallerWhoMayRead) {
  for (const char* method :
       {"WebhooksService/GetSubscriptions", "GameServersService/GetGameServers",
        "GiftcardsService/GetGiftCards", "DiscordService/GetDiscordServerLinks",
        "TagsService/GetTagImageUploadUrl"}) {
    ExpectRefused(Call(absl::StrCat("paynow.management.v1.", method), "{}", victim().Shop()).status,
                  PERMISSION_DENIED, "POLICY_METHOD");
  }
  // A caller who may do everything is let through, and audited.
  EXPECT_TRUE(CallAny("paynow.management.v1.WebhooksService/GetSubscriptions").status.ok());
  EXPECT_TRUE(victim().Audits("spiffe://example/root",
                              "paynow.management.v1.WebhooksService/GetSubscriptions"));
}

TEST_F(AccessAttacks, Attack72PoliciesThatOpenDoorsByAccident) {
  TempDir directory;
  const std::string caller = R"("spiffe": ["spiffe://example/shop"])";
  const std::vector<std::string> policies = {
      absl::StrCat(R"({"rules": {"r": {)", caller, R"(, "methods": ["*"], "stores": []}}})"),
      absl::StrCat(R"({"rules": {"r": {)", caller, R"(, "methods": ["*"], "upstreams": []}}})"),
      absl::StrCat(R"({"rules": {"r": {)", caller, R"(, "methods": ["read"]},)",
                   R"("r": {"anyone": true, "methods": ["*"]}}})"),
      R"({"rules": {"r": {"spiffe": ["spiffe://*"], "methods": ["*"]}}})",
      R"({"rules": {"r": {"claims": {"groups": ""}, "methods": ["*"]}}})"};
  for (const std::string& policy : policies) {
    EXPECT_EQ(Starts(directory, directory.Write("policy.json", policy)), 1) << policy;
  }
  Saw("refused, each of them");
}

// A library might print the path on standard error. The end of the suite fails on each line that is
// not JSON.
TEST_F(AccessAttacks, Attack73APathThatIsNoUTF8) {
  RawHttp2 connection(victim().port(), &victim().stranger());
  for (const char* path : {"/\xff\xfe.S/M", "/a\xc3/b", "\xff"}) connection.Begin(path);
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (connection.ended() < 3 && connection.Pump(absl::Milliseconds(20)) && absl::Now() < end) {
  }
  EXPECT_TRUE(connection.closed() || connection.ended() == 3);
  EXPECT_EQ(Arrived(), 0);
  Saw("no raw line");
}

TEST_F(AccessAttacks, Attack79APolicyThatEverybodyMayWriteOrReplace) {
  namespace fs = std::filesystem;
  TempDir directory;
  const std::string rules = R"({"rules": {"r": {"anyone": true, "methods": ["read"]}}})";
  fs::create_directory(directory.Path("rules"));
  const std::string file = directory.Write("rules/policy.json", rules);
  EXPECT_EQ(Starts(directory, file), 0);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(Starts(directory, file), 1);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  fs::permissions(directory.Path("rules"), fs::perms::all);
  EXPECT_EQ(Starts(directory, file), 1);
  Saw("refused");
}

}  // namespace
}  // namespace gateway::security
