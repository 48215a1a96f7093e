// Configuration and keys that change while the gateway runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::EndsWith;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kApplied[] = "gateway_reloads_total{result=\"applied\"} ";
constexpr char kRefused[] = "gateway_reloads_total{result=\"refused\"} ";

// Polls until the condition holds. Returns false after half a minute.
bool Comes(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    directory_.Write("key", "secret-1\n");
    config_["listen"] = "127.0.0.1:0";
    json& upstream = config_["upstreams"]["paynow"];
    upstream["base_url"] = first_.Url("");
    upstream["default_store"] = "12";
    upstream["api_key"]["file"] = directory_.Path("key");
  }

  void Start() {
    Save();
    auto config = LoadConfig(directory_.Path("gateway.json"));
    ASSERT_TRUE(config.ok()) << config.status();
    auto created = Gateway::Create(*config);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  // Saves as an editor does: writes a new file, then renames it.
  void Save() { Replace("gateway.json", config_.dump()); }
  void Replace(const std::string& name, const std::string& text) {
    const std::string fresh = directory_.Write(absl::StrCat(name, ".fresh"), text);
    fs::rename(fresh, directory_.Path(name));
  }

  bool Shows(absl::string_view metric, int value) const {
    const std::string line = absl::StrCat("\n", metric, value, "\n");
    return Comes([&] { return absl::StrContains(gateway_->MetricsText(), line); });
  }

  grpc::Status Call() {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kGetOrders, "{}").status;
  }

  json& upstream() { return config_["upstreams"]["paynow"]; }

  TempDir directory_;
  ScriptedServer first_{{{Step::HeldReply("[]")}}};
  ScriptedServer second_{{{Step::Reply("[]")}}};
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ReloadTest, SendsNewCallsWhereTheNewConfigurationSaysAndEndsTheOldOnesInPeace) {
  Start();
  std::future<grpc::Status> old = std::async(std::launch::async, [this] { return Call(); });
  ASSERT_TRUE(first_.WaitForExecutions(1));
  upstream()["base_url"] = second_.Url("");
  Save();
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(second_.executions(), 1);
  first_.Release();
  EXPECT_TRUE(old.get().ok());
  EXPECT_EQ(first_.executions(), 1);
}

TEST_F(ReloadTest, TakesUpAKeyThatKubernetesSwaps) {
  const auto write = [this](const std::string& version, const std::string& key) {
    fs::create_directory(directory_.Path(version));
    directory_.Write(absl::StrCat(version, "/key"), key);
    fs::create_symlink(version, directory_.Path("..fresh"));
    fs::rename(directory_.Path("..fresh"), directory_.Path("..data"));
  };
  fs::remove(directory_.Path("key"));
  write("..1", "secret-1");
  fs::create_symlink("..data/key", directory_.Path("key"));
  upstream()["base_url"] = second_.Url("");
  Start();
  EXPECT_TRUE(Call().ok());
  write("..2", "secret-2");
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_TRUE(Call().ok());
  const std::vector<http::Received> received = second_.received();
  ASSERT_EQ(received.size(), 2);
  EXPECT_THAT(received[0].head, EndsWith("\r\nAuthorization: APIKey secret-1"));
  EXPECT_THAT(received[1].head, EndsWith("\r\nAuthorization: APIKey secret-2"));
  EXPECT_EQ(received[0].connection, received[1].connection);  // the pool is kept
}

TEST_F(ReloadTest, FollowsToAKeyFileOfAnotherName) {
  upstream()["base_url"] = second_.Url("");
  Start();
  upstream()["api_key"]["file"] = directory_.Write("other", "secret-2");
  Save();
  ASSERT_TRUE(Shows(kApplied, 1));
  Replace("other", "secret-3");
  ASSERT_TRUE(Shows(kApplied, 2));
  EXPECT_TRUE(Call().ok());
  EXPECT_THAT(second_.received().at(0).head, EndsWith("Authorization: APIKey secret-3"));
}

TEST_F(ReloadTest, ChangesTheDeadlineOfCallsThatSetNone) {
  Start();
  config_["default_deadline"] = "50ms";
  Save();
  ASSERT_TRUE(Shows(kApplied, 1));
  const RpcAnswer answer = CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kGetOrders, "{}",
                                   /*deadline_set=*/false);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(ReloadTest, TakesUpHowMuchIsLogged) {
  upstream()["base_url"] = second_.Url("");
  config_["logging"]["access_sample_ratio"] = 0;
  const CapturedStderr captured;
  const auto lines = [&captured] {
    int lines = 0;
    for (const std::string& line : captured.Lines()) {
      lines += absl::StrContains(line, "\"event\":\"call\"") ? 1 : 0;
    }
    return lines;
  };
  Start();
  EXPECT_TRUE(Call().ok());
  config_["logging"]["access_sample_ratio"] = 1;
  Save();
  ASSERT_TRUE(Shows(kApplied, 1));
  EXPECT_TRUE(Call().ok());
  EXPECT_TRUE(Comes([&] { return lines() > 0; }));
  gateway_->Drain();
  EXPECT_EQ(lines(), 1);  // no line for the first call
}

// Refuses invalid files, and changes that need a restart.
TEST_F(ReloadTest, RefusesWhatCannotBeAndKeepsTheOld) {
  upstream()["base_url"] = second_.Url("");
  Start();
  const json good = config_;
  int refused = 0;
  const auto refuses = [&](const std::string& text) {
    Replace("gateway.json", text);
    EXPECT_TRUE(Shows(kRefused, ++refused)) << text;
    EXPECT_TRUE(Call().ok()) << text;
  };
  refuses("{\"listen\": ");
  refuses("");
  for (const char* const change :
       {R"([{"op": "add", "path": "/unknown", "value": 1}])",
        R"([{"op": "add", "path": "/upstreams/paynow/pool", "value": {"max_connections": 0}}])",
        R"([{"op": "replace", "path": "/upstreams/paynow/base_url", "value": "nonsense"}])",
        R"([{"op": "replace", "path": "/upstreams/paynow/api_key/file", "value": "/missing"}])",
        R"([{"op": "add", "path": "/upstreams/paynow/profile",
             "value": {"authorization_scheme": "Bearer"}}])",
        R"([{"op": "replace", "path": "/listen", "value": "127.0.0.1:1"}])",
        R"([{"op": "add", "path": "/max_request_bytes", "value": 2048}])",
        R"([{"op": "add", "path": "/metrics", "value": {"listen": "127.0.0.1:0"}}])",
        R"([{"op": "add", "path": "/health", "value": {"upstream_readiness": true}}])",
        R"([{"op": "add", "path": "/tracing", "value": {"sample_ratio": 0.5}}])",
        R"([{"op": "add", "path": "/server", "value": {"max_concurrent_streams": 7}}])",
        R"([{"op": "move", "from": "/upstreams/paynow", "path": "/upstreams/other"}])"}) {
    refuses(good.patch(json::parse(change)).dump());
  }
  Replace("key", "");
  EXPECT_TRUE(Shows(kRefused, ++refused));
  EXPECT_TRUE(Call().ok());
  Replace("key", "secret-2");
  Replace("gateway.json", good.dump(2));
  ASSERT_TRUE(Comes([&] {
    return Call().ok() && absl::StrContains(second_.received().back().head, "secret-2");
  }));
}

}  // namespace
}  // namespace gateway
