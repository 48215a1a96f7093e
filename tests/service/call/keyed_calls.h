// Fixture: a gateway with a ledger, a scripted PayNow as its upstream, and calls with idempotency
// keys. The ledger is in a file, or in PostgreSQL if dsn_ is set.
#ifndef TESTS_SERVICE_CALL_KEYED_CALLS_H_
#define TESTS_SERVICE_CALL_KEYED_CALLS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;

inline constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
inline constexpr char kCancel[] = "paynow.management.v1.SubscriptionsService/CancelSubscription";
inline constexpr char kGiftcard[] = "paynow.management.v1.GiftcardsService/CreateGiftCard";
inline constexpr char kStore[] = "411486491630370816";

inline std::string RefundOf(int order, const std::string& body = "{}") {
  return absl::StrCat(R"({"store_id": ")", kStore, R"(", "order_id": ")", order, R"(", "body": )",
                      body, "}");
}

struct Heard {
  grpc::StatusCode code = grpc::UNKNOWN;
  std::string reply;
  std::string reason;
  std::string outcome;
  std::string message;
  std::string entry;
  std::string pushback;
  bool replayed = false;
  bool has_retry_info = false;
};

inline std::string TrailerOf(const RpcAnswer& answer, const char* name) {
  const auto found = answer.trailers.find(name);
  return found == answer.trailers.end() ? "" : found->second;
}

inline Heard Read(const RpcAnswer& answer) {
  Heard heard;
  heard.code = answer.status.error_code();
  heard.reply = answer.reply;
  heard.message = answer.status.error_message();
  heard.entry = TrailerOf(answer, "gateway-ledger-entry");
  heard.pushback = TrailerOf(answer, "grpc-retry-pushback-ms");
  heard.replayed = TrailerOf(answer, "gateway-replayed") == "true";
  google::rpc::Status status;
  status.ParseFromString(answer.status.error_details());
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    heard.has_retry_info |= detail.Is<google::rpc::RetryInfo>();
    if (!detail.UnpackTo(&info)) continue;
    heard.reason = info.reason();
    heard.outcome = info.metadata().at("outcome");
  }
  return heard;
}

class KeyedCalls : public testing::Test {
 protected:
  using OnRequest = std::function<Step(const Received&)>;

  // Answers reads with an empty list. Reads do not count as executions.
  static Step Nothing(const Received&) { return Step::Reply("[]"); }

  void SetUp() override {
    Serve([](const Received&) { return Refunded(); });
  }

  static Step Refunded() { return Step::Reply(R"({"id": "77", "order_id": "1"})"); }
  static Step Declined() {
    return Step::Raw(
        "HTTP/1.1 422 Unprocessable\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
        R"({"code":"broken"})");
  }

  // Starts an upstream with these answers to writes and reads, and a gateway.
  void Serve(OnRequest on_write, OnRequest on_read = Nothing) {
    gateway_ = nullptr;
    upstream_ = std::make_unique<ScriptedServer>(
        http::Answers{.on_request = [on_write = std::move(on_write),
                                     on_read = std::move(on_read)](const Received& request) {
          if (request.method != "GET") return on_write(request);
          Step step = on_read(request);
          step.executes = false;
          return step;
        }});
    Start();
  }

  // Starts an upstream that executes writes, but does not answer a write if `is_lost` is true for
  // it. After the first such write, each read of order 1 gets a 503.
  void ServeLost(const std::function<bool(const Received&)>& is_lost = [](const Received&) {
    return true;
  }) {
    auto lost = std::make_shared<std::atomic<bool>>(false);
    Serve(
        [=](const Received& request) {
          if (!is_lost(request)) return Refunded();
          *lost = true;
          return Step::ExecuteAndClose();
        },
        [=](const Received& request) {
          const bool is_first = request.target.find("order_id=1") != std::string::npos;
          return *lost && is_first ? Unavailable() : Nothing(request);
        });
  }

  static Step Unavailable() {
    return Step::Raw("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  }

  // Starts a gateway that uses the ledger of the previous gateway.
  void Start() {
    gateway_ = nullptr;
    auto config = ParseConfig("gateway.json", ConfigText().dump());
    ASSERT_TRUE(config.ok()) << config.status();
    auto created = Gateway::Create(*config);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  json ConfigText() const {
    json config = {{"listen", "127.0.0.1:0"},
                   {"default_deadline", "10s"},
                   {"drain", {{"delay", "0s"}, {"grace", "1s"}}},
                   {"ledger", {{"file", ledger_file()}}}};
    config["upstreams"]["paynow"] = {{"base_url", upstream_->Url("")},
                                     {"api_key", {{"file", key_file_}}}};
    config["upstreams"]["paynow"].update(upstream_keys_);
    config["ledger"].update(ledger_keys_);
    if (!dsn_.empty()) {
      const std::string secret = directory_.Write("secret", std::string(32, 's'));
      config["ledger"] = {{"postgresql", {{"dsn_file", directory_.Write("dsn", dsn_)}}},
                          {"secret_file", secret},
                          {"reply_key_file", secret}};
    }
    config["audit"]["file"] = directory_.Path("audit");
    return config;
  }

  std::string ledger_file() const { return directory_.Path("ledger/ledger.db"); }

  Heard Call(const std::string& key, const std::string& request = RefundOf(1),
             const char* method = kRefund,
             std::chrono::milliseconds deadline = std::chrono::seconds(30)) const {
    RpcOptions options;
    options.deadline = deadline;
    if (!key.empty()) options.metadata.emplace("idempotency-key", key);
    return Read(CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request, options));
  }

  int executions() const { return upstream_->executions(); }

  const TempDir directory_;
  const std::string key_file_ = directory_.Write("key", "k");
  json ledger_keys_ = json::object();
  json upstream_keys_ = json::object();
  std::string dsn_;  // if set, the ledger is in this PostgreSQL database
  std::unique_ptr<ScriptedServer> upstream_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_CALL_KEYED_CALLS_H_
