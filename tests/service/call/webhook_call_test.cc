// WebhookService as a client sees it: over gRPC, with a configuration and secrets that change.
#include "service/call/webhook_call.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "service/log/log_throttle.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kParseEvent[] = "gateway.webhooks.v1.WebhookService/ParseEvent";
constexpr char kRefund[] =
    R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1","amount":250}})";

struct Delivery {
  std::string provider = "paynow";
  std::string signature;
  std::string timestamp;
  std::string body = kRefund;
};

Delivery SignedWith(const std::string& secret, const std::string& body = kRefund) {
  Delivery delivery;
  delivery.body = body;
  delivery.timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
  delivery.signature =
      webhooks::Base64Text(webhooks::Hmac(secret, delivery.timestamp + "." + delivery.body));
  return delivery;
}

class WebhookServiceTest : public testing::Test {
 protected:
  WebhookServiceTest() {
    config_["listen"] = "127.0.0.1:0";
    json& upstream = config_["upstreams"]["paynow"];
    upstream["base_url"] = "http://127.0.0.1:1";
    upstream["api_key"]["file"] = directory_.Write("key", "k");
    directory_.Write("new", "secret-MARKER-new\n");
    directory_.Write("old", "secret-MARKER-old\n");
    Secrets()["new"]["file"] = directory_.Path("new");
  }

  json& Provider(const std::string& name) { return config_["webhooks"]["providers"][name]; }
  json& Secrets() { return Provider("paynow")["secrets"]; }

  absl::Status Create() {
    Replace("gateway.json", config_.dump());
    auto config = LoadConfig(directory_.Path("gateway.json"));
    if (!config.ok()) return config.status();
    absl::Status checked = Gateway::Check(*config);
    auto created = Gateway::Create(*config);
    EXPECT_EQ(created.status(), checked);
    if (created.ok()) gateway_ = *std::move(created);
    return checked;
  }

  void Start() {
    const absl::Status status = Create();
    ASSERT_TRUE(status.ok()) << status;
  }

  // Returns the error without the file's name.
  std::string Error() {
    std::string message(Create().message());
    const std::string prefix = directory_.Path("gateway.json: ");
    EXPECT_EQ(message.rfind(prefix, 0), 0u) << message;
    return message.substr(std::min(prefix.size(), message.size()));
  }

  void Replace(const std::string& name, const std::string& text) {
    fs::rename(directory_.Write(absl::StrCat(name, ".fresh"), text), directory_.Path(name));
  }

  RpcAnswer Call(const Delivery& delivery) const {
    const json request = {{"provider", delivery.provider},
                          {"headers",
                           {{{"name", "paynow-signature"}, {"value", delivery.signature}},
                            {{"name", "paynow-timestamp"}, {"value", delivery.timestamp}}}},
                          {"body", absl::Base64Escape(delivery.body)}};
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kParseEvent, request.dump());
  }

  // Polls until the condition holds. Returns false after half a minute.
  static bool Comes(const std::function<bool()>& condition) {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (!condition()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }

  TempDir directory_;
  json config_;
  std::unique_ptr<Gateway> gateway_;
};

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_TRUE(details.details_size() > 0 && details.details(0).UnpackTo(&info));
  return info;
}

void ExpectRefused(const RpcAnswer& answer, grpc::StatusCode code, const std::string& reason) {
  EXPECT_EQ(answer.status.error_code(), code) << answer.status.error_message();
  const google::rpc::ErrorInfo info = InfoOf(answer.status);
  EXPECT_EQ(info.reason(), reason);
  EXPECT_EQ(info.domain(), "billing-gateway");
  EXPECT_EQ(info.metadata().at("outcome"), "not_sent");
  EXPECT_EQ(info.metadata().at("operation"), "gateway.webhooks.v1.WebhookService.ParseEvent");
}

TEST_F(WebhookServiceTest, HandsBackATypedEvent) {
  Start();
  const Delivery delivery = SignedWith("secret-MARKER-new");
  const RpcAnswer answer = Call(delivery);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  json reply = json::parse(answer.reply);
  EXPECT_TRUE(reply.contains("time"));
  reply.erase("time");
  EXPECT_EQ(reply, json::parse(R"({"provider": "paynow", "eventId": "17", "type": "ON_REFUND",
                                   "refund": {"id": "1", "amount": "250"}})"));
  EXPECT_GT(gateway_->drift().Counts().size(), 0u);  // required members of a refund are missing
  EXPECT_THAT(gateway_->MetricsText(),
              HasSubstr("rpc_server_calls_total{rpc_service=\"gateway.webhooks.v1.WebhookService\","
                        "rpc_method=\"ParseEvent\",rpc_grpc_status_code=\"0\",outcome=\"ok\"} 1"));
}

// Flips each byte of body, timestamp and signature in turn, over the wire.
TEST_F(WebhookServiceTest, RefusesEachFlippedByte) {
  Start();
  const Delivery good = SignedWith("secret-MARKER-new");
  ASSERT_TRUE(Call(good).status.ok());
  std::string message;
  for (std::string Delivery::*part :
       {&Delivery::body, &Delivery::timestamp, &Delivery::signature}) {
    for (size_t i = 0; i < (good.*part).size(); ++i) {
      Delivery delivery = good;
      (delivery.*part)[i] = static_cast<char>((delivery.*part)[i] ^ 1);
      const RpcAnswer answer = Call(delivery);
      ExpectRefused(answer, grpc::StatusCode::UNAUTHENTICATED, "WEBHOOK_NOT_VERIFIED");
      if (message.empty()) message = answer.status.error_message();
      EXPECT_EQ(answer.status.error_message(), message);
    }
  }
}

TEST_F(WebhookServiceTest, AnswersEachKindOfFailure) {
  config_["webhooks"]["max_body_bytes"] = 1024;
  Start();
  Delivery delivery = SignedWith("secret-MARKER-new");
  delivery.provider = "nobody";
  ExpectRefused(Call(delivery), grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_PROVIDER");
  delivery.provider = "";
  ExpectRefused(Call(delivery), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  ExpectRefused(Call(SignedWith("secret-MARKER-new", std::string(1025, ' '))),
                grpc::StatusCode::RESOURCE_EXHAUSTED, "WEBHOOK_TOO_LARGE");
  ExpectRefused(Call(SignedWith("secret-MARKER-new", "<html>")), grpc::StatusCode::INTERNAL,
                "UNREADABLE_EVENT");
  ExpectRefused(Call(SignedWith("another")), grpc::StatusCode::UNAUTHENTICATED,
                "WEBHOOK_NOT_VERIFIED");
}

TEST_F(WebhookServiceTest, TellsTheLogWhichCheckFailedAndNobodyElse) {
  Provider("paynow")["max_age"] = "1m";
  Start();
  Delivery late;
  late.timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now() - absl::Minutes(2)));
  late.signature =
      webhooks::Base64Text(webhooks::Hmac("secret-MARKER-new", late.timestamp + "." + late.body));
  std::vector<std::string> lines;
  std::vector<RpcAnswer> answers;
  {
    const CapturedStderr captured;
    answers.push_back(Call(late));
    answers.push_back(Call(SignedWith("another")));
    lines = captured.Lines();
  }
  // The access log is written by another thread.
  std::erase_if(
      lines, [](const std::string& line) { return !absl::StrContains(line, "webhook refused"); });
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("webhook refused"), HasSubstr("\"too_old\""),
                                       HasSubstr("\"paynow\""), Not(HasSubstr("MARKER"))),
                                 AllOf(HasSubstr("webhook refused"), HasSubstr("\"signature\""))));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status.error_message(), answers[1].status.error_message());
  google::rpc::ErrorInfo infos[] = {InfoOf(answers[0].status), InfoOf(answers[1].status)};
  for (google::rpc::ErrorInfo& info : infos) info.mutable_metadata()->erase("trace_id");
  // A map has no defined order on the wire.
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(infos[0], infos[1]));
}

// A secret can be rotated without losing a delivery: both secrets are configured before the
// provider switches.
TEST_F(WebhookServiceTest, TakesUpSecretsThatChange) {
  Start();
  EXPECT_FALSE(Call(SignedWith("secret-MARKER-old")).status.ok());
  Secrets()["old"]["file"] = directory_.Path("old");
  Replace("gateway.json", config_.dump());
  ASSERT_TRUE(Comes([&] { return Call(SignedWith("secret-MARKER-old")).status.ok(); }));
  EXPECT_TRUE(Call(SignedWith("secret-MARKER-new")).status.ok());
  Replace("old", "secret-MARKER-newest");
  ASSERT_TRUE(Comes([&] { return Call(SignedWith("secret-MARKER-newest")).status.ok(); }));
  EXPECT_FALSE(Call(SignedWith("secret-MARKER-old")).status.ok());
  EXPECT_TRUE(Call(SignedWith("secret-MARKER-new")).status.ok());
}

TEST_F(WebhookServiceTest, KeepsItsSecretsWhereTheNewOnesCannotBe) {
  Start();
  Replace("new", "");
  ASSERT_TRUE(Comes([&] {
    return absl::StrContains(gateway_->MetricsText(),
                             "gateway_reloads_total{result=\"refused\"} 1");
  }));
  EXPECT_TRUE(Call(SignedWith("secret-MARKER-new")).status.ok());
}

// The service runs even if no provider is configured, because a reload may add one.
TEST_F(WebhookServiceTest, TakesUpAProviderThatIsAdded) {
  const json webhooks = std::exchange(config_["webhooks"], json::object());
  Start();
  ExpectRefused(Call(SignedWith("secret-MARKER-new")), grpc::StatusCode::INVALID_ARGUMENT,
                "UNKNOWN_PROVIDER");
  config_["webhooks"] = webhooks;
  Replace("gateway.json", config_.dump());
  EXPECT_TRUE(Comes([&] { return Call(SignedWith("secret-MARKER-new")).status.ok(); }));
}

TEST_F(WebhookServiceTest, NamesWhatIsWrongInTheConfiguration) {
  Secrets()["gone"]["file"] = directory_.Path("gone");
  EXPECT_EQ(Error(), "webhooks.providers.paynow.secrets.gone.file: " + directory_.Path("gone") +
                         " cannot be read");
  Secrets()["gone"] = {{"env", "GATEWAY_TEST_UNSET"}};
  EXPECT_EQ(Error(),
            "webhooks.providers.paynow.secrets.gone.env: there is no variable GATEWAY_TEST_UNSET");
  Secrets()["gone"] = json::object();
  EXPECT_EQ(Error(), "webhooks.providers.paynow.secrets.gone: set either file or env");
  Provider("paynow").erase("secrets");
  EXPECT_EQ(Error(), "webhooks.providers.paynow: secrets: at least one is required");
  Provider("paynow") = {{"allow_unsigned", true},
                        {"secrets", {{"a", {{"file", directory_.Path("new")}}}}}};
  EXPECT_EQ(Error(), "webhooks.providers.paynow: allow_unsigned: this provider signs its webhooks");
  config_["webhooks"]["providers"] = {{"paylater", json::object()}};
  EXPECT_EQ(Error(),
            "webhooks.providers.paylater: no webhooks are known of a provider of this name");
  config_["webhooks"]["providers"] = {{"qashier", {{"max_age", "soon"}, {"secret", "MARKER"}}}};
  EXPECT_THAT(Error(), AllOf(HasSubstr("webhooks.providers.qashier.secret: unknown key"),
                             HasSubstr("webhooks.providers.qashier.max_age: expected a duration"),
                             Not(HasSubstr("MARKER"))));
}

TEST(LogThrottleTest, LetsOneThroughInAPauseAndCountsTheOthers) {
  LogThrottle throttle(absl::Seconds(1));
  const absl::Time start = absl::UnixEpoch();
  EXPECT_EQ(throttle.Pass("a", start), 0u);
  EXPECT_EQ(throttle.Pass("b", start), 0u);
  EXPECT_EQ(throttle.Pass("a", start + absl::Milliseconds(1)), std::nullopt);
  EXPECT_EQ(throttle.Pass("a", start + absl::Milliseconds(999)), std::nullopt);
  EXPECT_EQ(throttle.Pass("a", start + absl::Seconds(1)), 2u);
  EXPECT_EQ(throttle.Pass("a", start + absl::Seconds(2)), 0u);
  EXPECT_EQ(throttle.Pass("b", start + absl::Seconds(2)), 0u);
}

}  // namespace
}  // namespace gateway
