// A receiver of webhooks with a log, and what tests send to it.
#ifndef TESTS_SERVICE_EVENTS_RECEIVER_FIXTURE_H_
#define TESTS_SERVICE_EVENTS_RECEIVER_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/receiver/receiver.h"
#include "service/events/sqlite/log.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway::events {

inline constexpr char kSecret[] = "whsec";
inline constexpr char kRefund[] =
    R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1","order_id":"7","store_id":"9"}})";

inline webhooks::Verifier MakeVerifier(const char* provider) {
  return *webhooks::Verifier::Create(webhooks::SchemeOf(provider), {.secrets = {kSecret}});
}

inline std::string SignedBy(const std::string& secret, const std::string& body,
                            absl::Time time = absl::Now()) {
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(time));
  return absl::StrCat(
      "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ",
      webhooks::Base64Text(webhooks::Hmac(secret, absl::StrCat(timestamp, ".", body))), "\r\n");
}

inline std::string Post(const std::string& fields, const std::string& body,
                        const std::string& path = "/webhooks/paynow", const char* end = "close") {
  return absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: ", end,
                      "\r\nContent-Length: ", body.size(), "\r\n", fields, "\r\n", body);
}

class ReceiverTest : public testing::Test {
 protected:
  ReceiverTest() {
    auto settings = std::make_shared<webhooks::Settings>();
    settings->max_body_bytes = 2000;
    settings->providers.emplace("paynow", MakeVerifier("paynow"));
    settings->providers.emplace("paymentkit", MakeVerifier("paymentkit"));
    settings->providers.emplace(
        "qashier",
        *webhooks::Verifier::Create(webhooks::SchemeOf("qashier"), {.allow_unsigned = true}));
    settings->accounts.emplace(
        "paynow/eu",
        *webhooks::Verifier::Create(webhooks::SchemeOf("paynow"), {.secrets = {"of eu"}}));
    settings_ = settings;
    log_options_.file = directory_.Path("events/events.db");
    log_options_.common.first_retry = absl::Milliseconds(10);
    log_options_.common.subscriptions = {{.name = "s"}};
    options_.listen = "127.0.0.1:0";
  }

  void Start() {
    auto log = SqliteEventLog::Open(log_options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    intake_ = std::make_unique<Intake>(*log_, TestCipher(), webhooks::EmbeddedSchemes(),
                                       [this] { return settings_; });
    auto receiver = Receiver::Create(options_, *intake_);
    ASSERT_TRUE(receiver.ok()) << receiver.status();
    receiver_ = *std::move(receiver);
  }

  void Stop() {
    receiver_.reset();
    intake_.reset();
    log_.reset();
  }

  std::string Send(const std::string& request) {
    return security::Exchange(receiver_->port(), request);
  }

  // Returns the status code of the answer, or 0 if there is no answer.
  int StatusOf(const std::string& request) {
    const std::string answer = Send(request);
    return absl::StartsWith(answer, "HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
  }

  const TempDir directory_;
  std::shared_ptr<const webhooks::Settings> settings_;
  SqliteOptions log_options_;
  ReceiverOptions options_;
  std::unique_ptr<SqliteEventLog> log_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Receiver> receiver_;
};

}  // namespace gateway::events

#endif  // TESTS_SERVICE_EVENTS_RECEIVER_FIXTURE_H_
