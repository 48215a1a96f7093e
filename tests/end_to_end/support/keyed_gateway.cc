#include "tests/end_to_end/support/keyed_gateway.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/grpc_client.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr auto kDeadline = std::chrono::seconds(5);
// Pause between two calls of a caller, to limit the load.
constexpr auto kPause = std::chrono::milliseconds(50);

}  // namespace

KeyedGateway::KeyedGateway(const std::string& upstream, const std::string& dsn) {
  const std::string secret = directory_.Write("secret", std::string(32, 's'));
  json config = {{"listen", "127.0.0.1:0"}};
  config["upstreams"]["paynow"] = {{"base_url", upstream},
                                   {"api_key", {{"file", directory_.Write("key", "k")}}},
                                   {"breaker", {{"failure_percent", 100}}}};
  config["ledger"] = dsn.empty()
                         ? json{{"file", directory_.Path("ledger/ledger.db")}}
                         : json{{"postgresql", {{"dsn_file", directory_.Write("dsn", dsn)}}},
                                {"secret_file", secret},
                                {"reply_key_file", secret}};
  config_ = directory_.Write("config.json", config.dump());
}

void KeyedGateway::Start() {
  child_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{std::string(BUILD_DIR) + "/billing-gateway", "--config", config_});
  const json line = json::parse(child_->WaitForLine("\"serving\""), nullptr, false);
  ASSERT_TRUE(line.is_object()) << child_->err();
  port_ = line.at("port").get<int>();
}

void KeyedGateway::Kill() {
  child_->Signal(SIGKILL);
  child_->Wait();
}

std::optional<std::string> KeyedGateway::Refund(int order, absl::Duration patience) const {
  const absl::Time end = absl::Now() + patience;
  RpcOptions options;
  options.deadline = kDeadline;
  options.metadata.emplace("idempotency-key", absl::StrCat("refund-", order));
  const std::string request = absl::StrCat(R"({"store_id": "411486491630370816", "order_id": ")",
                                           order, R"(", "body": {}})");
  do {
    const RpcAnswer answer =
        CallRpc(absl::StrCat("127.0.0.1:", port_.load()), kRefund, request, options);
    if (answer.status.ok()) {
      replays_ += answer.trailers.count("gateway-replayed") != 0 ? 1 : 0;
      return json::parse(answer.reply).value("id", "");
    }
    unknowns_ += answer.status.error_code() == grpc::UNKNOWN ? 1 : 0;
    std::this_thread::sleep_for(kPause);
  } while (absl::Now() < end);
  return std::nullopt;
}

}  // namespace gateway
