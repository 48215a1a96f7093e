// All parts of a generation are exchanged together while calls arrive: no call sees parts of two
// generations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/authority.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;

constexpr int kExchanges = 200;
constexpr int kCallers = 3;
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kRefundOf34[] = R"({"order_id": "34", "body": {}})";

// Answers of an upstream that declines every call. The trace ID in the error is the server's name
// and the number of the API key that the server received: "even 42".
http::Answers Marking(const std::string& server) {
  return {.on_request = [server](const http::Received& request) {
    constexpr char kBefore[] = "Authorization: APIKey secret-";
    const size_t begin = request.head.find(kBefore) + sizeof(kBefore) - 1;
    const std::string number = request.head.substr(begin, request.head.find('\r', begin) - begin);
    const std::string body = absl::StrCat(R"({"trace_id": ")", server, " ", number, R"("})");
    return Step::Raw(
        absl::StrCat("HTTP/1.1 409 No\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }};
}

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() {
    for (const char* const name : {"gateway.json", "key", "policy.json", "tls.crt", "tls.key"}) {
      fs::create_symlink(absl::StrCat("..data/", name), directory_.Path(name));
    }
    Write(0);
    auto config = LoadConfig(directory_.Path("gateway.json"));
    EXPECT_TRUE(config.ok()) << config.status();
    auto created = Gateway::Create(*config);
    EXPECT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  // Writes files with the same names and new contents, and exchanges all of them at once, as
  // Kubernetes does.
  void Write(int number) {
    const std::string version = absl::StrCat("..", number);
    const auto write = [&](absl::string_view name, const std::string& text) {
      directory_.Write(absl::StrCat(version, "/", name), text);
    };
    fs::create_directory(directory_.Path(version));
    const Identity& server = number % 2 == 0 ? even_identity_ : odd_identity_;
    write("tls.crt", server.certificate);
    write("tls.key", server.key);
    write("key", absl::StrCat("secret-", number));
    const json rule = {{"anyone", true}, {"methods", {"*"}}};
    write("policy.json", json{{"rules", {{absl::StrCat("rule-", number), rule}}}}.dump());
    write("gateway.json", ConfigOf(number).dump());
    fs::create_symlink(version, directory_.Path("..fresh"));
    fs::rename(directory_.Path("..fresh"), directory_.Path("..data"));
  }

  json ConfigOf(int number) {
    return {{"listen", "127.0.0.1:0"},
            {"audit", {{"file", directory_.Path("audit")}}},
            {"authorization", {{"policy_file", directory_.Path("policy.json")}}},
            {"server",
             {{"tls",
               {{"certificate_file", directory_.Path("tls.crt")},
                {"key_file", directory_.Path("tls.key")}}}}},
            {"upstreams",
             {{"paynow",
               {{"base_url", (number % 2 == 0 ? even_ : odd_).Url("")},
                {"default_store", "12"},
                {"api_key", {{"file", directory_.Path("key")}}}}}}}};
  }

  bool IsApplied(int exchanges) const {
    const std::string line =
        absl::StrCat("\ngateway_reloads_total{result=\"applied\"} ", exchanges, "\n");
    const absl::Time end = absl::Now() + absl::Seconds(60);
    while (!absl::StrContains(gateway_->MetricsText(), line)) {
      if (absl::Now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // Calls on a new connection, whose handshake uses the current certificate.
  grpc::Status Call() const {
    const std::string address = absl::StrCat("127.0.0.1:", gateway_->port());
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = servers_.certificate();
    const auto credentials = grpc::SslCredentials(options);
    return CallRpc(
               address, kRefund, kRefundOf34,
               RpcOptions{.credentials = credentials, .channel = OwnChannel(address, credentials)})
        .status;
  }

  std::vector<json> Audit() const {
    std::vector<json> lines;
    std::ifstream file(directory_.Path("audit"));
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }

  TempDir directory_;
  Authority servers_{"servers"};
  const Identity even_identity_ = servers_.Issue({});
  const Identity odd_identity_ = servers_.Issue({});
  const ScriptedServer even_{Marking("even")};
  const ScriptedServer odd_{Marking("odd")};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ExchangeTest, NoCallSeesTwoGenerations) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      while (!stop) EXPECT_EQ(Call().error_code(), grpc::StatusCode::ABORTED);
    });
  }
  for (int number = 1; number <= kExchanges; ++number) {
    Write(number);
    if (!IsApplied(number)) {
      ADD_FAILURE() << "exchange " << number << " is not applied";
      break;
    }
    EXPECT_EQ(Call().error_code(), grpc::StatusCode::ABORTED);
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  gateway_ = nullptr;  // flushes the audit log

  std::set<std::string> rules;
  for (const json& line : Audit()) {
    const std::string rule = line["rule"];
    const int number = std::stoi(rule.substr(rule.find('-') + 1));
    EXPECT_EQ(line["upstream_trace_id"], absl::StrCat(number % 2 == 0 ? "even " : "odd ", number))
        << line;
    rules.insert(rule);
  }
  EXPECT_GE(rules.size(), size_t{kExchanges});  // each generation served a call
}

}  // namespace
}  // namespace gateway
