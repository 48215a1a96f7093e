#include "upstream/webhooks/parse_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway::webhooks {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kSecret[] = "whsec_MARKER";
constexpr char kRefund[] =
    R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1","amount":250}})";
const absl::Time kNow = absl::FromUnixSeconds(1750000000);

class ParseEventTest : public testing::Test {
 protected:
  ParseEventTest() {
    Add("paynow", {.secrets = {kSecret}});
    Add("qashier", {.allow_unsigned = true});
  }

  void Add(const std::string& provider, Verifier::Options options) {
    settings_.providers.erase(provider);
    settings_.providers.emplace(provider,
                                *Verifier::Create(SchemeOf(provider), std::move(options)));
  }

  static HeaderList Signed(const std::string& body, const std::string& secret = kSecret) {
    const std::string timestamp = absl::StrCat(absl::ToUnixMillis(kNow));
    return {{"PayNow-Signature", Base64Text(Hmac(secret, timestamp + "." + body))},
            {"PayNow-Timestamp", timestamp}};
  }

  std::variant<Event, Refusal> Parse(const std::string& request) const {
    static const auto& reader =
        *new std::unique_ptr<const EventReader>(*EventReader::Create(EmbeddedSchemes()));
    return ParseEvent(*reader, settings_, request, kNow);
  }

  // Returns the refusal of a request that must be refused.
  Refusal Refused(const std::string& request) const {
    auto answer = Parse(request);
    EXPECT_TRUE(std::holds_alternative<Refusal>(answer)) << request;
    if (!std::holds_alternative<Refusal>(answer)) return {};
    EXPECT_EQ(std::get<Refusal>(answer).failure.outcome, mapping::Outcome::kNotSent);
    EXPECT_THAT(std::get<Refusal>(answer).failure.message, Not(HasSubstr("MARKER")));
    return std::get<Refusal>(answer);
  }

  void ExpectRefused(const std::string& request, absl::StatusCode code, const std::string& reason,
                     const std::string& check, const std::string& message) const {
    const Refusal refusal = Refused(request);
    EXPECT_EQ(refusal.failure.code, code) << message;
    EXPECT_EQ(refusal.failure.reason, reason) << message;
    EXPECT_EQ(refusal.check, check) << message;
    EXPECT_EQ(refusal.failure.message, message);
  }

  Settings settings_;
};

TEST_F(ParseEventTest, HandsBackWhatTheProviderSent) {
  const auto answer = Parse(MakeRequest("paynow", Signed(kRefund), kRefund));
  ASSERT_TRUE(std::holds_alternative<Event>(answer)) << std::get<Refusal>(answer).failure.message;
  EXPECT_EQ(ReadResponse(std::get<Event>(answer).message),
            json::parse(R"({"provider": "paynow", "event_id": "17", "type": "ON_REFUND",
                            "time": "2025-06-15T15:06:40Z",
                            "refund": {"id": "1", "amount": "250"}})"));
}

// Everything that a forger could observe is identical.
TEST_F(ParseEventTest, TellsAForgerNothing) {
  std::vector<std::pair<std::string, std::string>> requests = {
      {"signature", MakeRequest("paynow", Signed(kRefund, "guess"), kRefund)},
      {"signature", MakeRequest("paynow", Signed(kRefund), absl::StrCat(kRefund, " "))},
      {"signature",
       MakeRequest("paynow", {{"PayNow-Signature", ""}, {"PayNow-Timestamp", ""}}, kRefund)}};
  const auto at = [](const std::string& timestamp) {
    return MakeRequest(
        "paynow",
        {{"PayNow-Signature", Base64Text(Hmac(kSecret, absl::StrCat(timestamp, ".", kRefund)))},
         {"PayNow-Timestamp", timestamp}},
        kRefund);
  };
  requests.emplace_back("too_old", at(absl::StrCat(absl::ToUnixMillis(kNow - absl::Hours(1)))));
  requests.emplace_back("in_the_future",
                        at(absl::StrCat(absl::ToUnixMillis(kNow + absl::Hours(1)))));
  requests.emplace_back("timestamp", at("soon"));
  for (const auto& [check, request] : requests) {
    ExpectRefused(request, absl::StatusCode::kUnauthenticated, "WEBHOOK_NOT_VERIFIED", check,
                  "the webhook could not be verified");
    EXPECT_TRUE(Refused(request).failure.violations.empty());
    EXPECT_EQ(Refused(request).provider, "paynow");
  }
  Add("qashier", {});
  ExpectRefused(MakeRequest("qashier", {}, "{}"), absl::StatusCode::kUnauthenticated,
                "WEBHOOK_NOT_VERIFIED", "unsigned", "the webhook could not be verified");
}

TEST_F(ParseEventTest, NamesWhatIsMissing) {
  const auto code = absl::StatusCode::kInvalidArgument;
  ExpectRefused(MakeRequest("", Signed(kRefund), kRefund), code, "INVALID_REQUEST",
                "missing_provider", "the request is not valid: provider is required");
  ExpectRefused("", code, "INVALID_REQUEST", "missing_provider",
                "the request is not valid: provider is required");
  ExpectRefused(MakeRequest("paynow", Signed(""), ""), code, "INVALID_REQUEST", "missing_body",
                "the request is not valid: body is required");
  ExpectRefused(MakeRequest("paynow", {}, kRefund), code, "INVALID_REQUEST", "missing_header",
                "the request is not valid: headers must have PayNow-Signature once");
  HeaderList twice = Signed(kRefund);
  twice.push_back(twice[1]);
  const std::string request = MakeRequest("paynow", twice, kRefund);
  ExpectRefused(request, code, "INVALID_REQUEST", "repeated_header",
                "the request is not valid: headers must have PayNow-Timestamp once");
  ASSERT_EQ(Refused(request).failure.violations.size(), 1u);
  EXPECT_EQ(Refused(request).failure.violations[0].field, "headers");
  EXPECT_EQ(Refused(request).failure.violations[0].description, "must have PayNow-Timestamp once");
}

TEST_F(ParseEventTest, NamesNoProviderThatItDoesNotKnow) {
  for (const char* const provider : {"paymentkit", "PAYNOW", "paynow ", "nobody\n"}) {
    const std::string request = MakeRequest(provider, Signed(kRefund), kRefund);
    ExpectRefused(request, absl::StatusCode::kInvalidArgument, "UNKNOWN_PROVIDER",
                  "unknown_provider", "webhooks of this provider are not configured");
    EXPECT_EQ(Refused(request).provider, "");
  }
}

TEST_F(ParseEventTest, LimitsTheBody) {
  const auto body = [](size_t size) {
    const std::string text = R"({"id": "1"})";
    return text + std::string(size - text.size(), ' ');
  };
  const size_t limit = size_t{1024} * 1024;
  EXPECT_TRUE(std::holds_alternative<Event>(Parse(MakeRequest("qashier", {}, body(limit)))));
  ExpectRefused(MakeRequest("qashier", {}, body(limit + 1)), absl::StatusCode::kResourceExhausted,
                "WEBHOOK_TOO_LARGE", "too_large",
                "the webhook's body is longer than 1048576 bytes, which is the limit");
  settings_.max_body_bytes = 2000;
  EXPECT_TRUE(std::holds_alternative<Event>(Parse(MakeRequest("qashier", {}, body(2000)))));
  EXPECT_EQ(Refused(MakeRequest("qashier", {}, body(2001))).check, "too_large");
}

TEST_F(ParseEventTest, NamesWhatCannotBeReadThoughItIsSigned) {
  const auto message = [&](const std::string& body) {
    const Refusal refusal = Refused(MakeRequest("paynow", Signed(body), body));
    EXPECT_EQ(refusal.failure.code, absl::StatusCode::kInternal);
    EXPECT_EQ(refusal.failure.reason, "UNREADABLE_EVENT");
    EXPECT_EQ(refusal.check, "unreadable");
    return refusal.failure.message;
  };
  EXPECT_EQ(message("<html>MARKER"), "the event cannot be read: expected an object");
  EXPECT_EQ(message(R"({"event_type":"ON_REFUND","body":{"amount":"MARKER"}})"),
            "the event cannot be read: body.amount: expected an integer");
}

// If timestamp and body are joined without a separator, a digit could move from one to the other
// and the signature would stay valid. A body that begins with a digit is refused therefore; with
// another character it is no JSON object.
TEST_F(ParseEventTest, ReadsNothingFromAShiftedTimestamp) {
  Add("convergegate", {.secrets = {kSecret}, .max_age = absl::ZeroDuration()});
  const std::string body = R"({"id":"1"})";
  const std::string signature = HexText(Hmac(Sha(kSecret), "1750000000" + body));
  const auto request = [&](const std::string& timestamp, const std::string& rest) {
    return MakeRequest("convergegate", {{"Sec-Timestamp", timestamp}, {"Sec-Signature", signature}},
                       rest);
  };
  EXPECT_TRUE(std::holds_alternative<Event>(Parse(request("1750000000", body))));
  EXPECT_EQ(Refused(request("175000000", "0" + body)).failure.reason, "WEBHOOK_NOT_VERIFIED");
  EXPECT_EQ(Refused(request("1750000000{", body.substr(1))).failure.reason, "UNREADABLE_EVENT");
}

TEST_F(ParseEventTest, RefusesRequestsThatAreNone) {
  const std::string good = MakeRequest("qashier", {{"a", "b"}}, "{}");
  ASSERT_TRUE(std::holds_alternative<Event>(Parse(good)));
  const struct {
    std::string request;
    const char* problem;
  } kRows[] = {
      {"\xff", "is not a valid message"},
      {good + "\x0a", "is not a valid message"},
      {good + "\x1a\x7f{", "is not a valid message"},
      {good + "\x22\x01x", "has an unknown field 4"},
      {good + std::string("\x08\x00", 2), "has an unknown field 1"},
      {good + "\x12\x03\x1a\x01x", "a header has an unknown field 3"},
      {good + "\x12\x01\x0a", "a header is not a valid message"},
  };
  for (const auto& row : kRows) {
    const Refusal refusal = Refused(row.request);
    EXPECT_EQ(refusal.failure.reason, "INVALID_REQUEST");
    ASSERT_EQ(refusal.failure.violations.size(), 1u);
    EXPECT_EQ(refusal.failure.violations[0].description, row.problem);
  }
}

// As protobuf requires: fields may come in any order, and the last value of a field counts.
TEST_F(ParseEventTest, ReadsFieldsInAnyOrder) {
  const std::string request = absl::StrCat("\x1a\x02[]", "\x1a\x02{}", "\x0a\x07qashier");
  EXPECT_TRUE(std::holds_alternative<Event>(Parse(request)));
}

// Flips every bit of the request, including headers and lengths. A request that still passes must
// not have changed anything relevant.
TEST_F(ParseEventTest, LetsNoFlippedByteChangeTheEvent) {
  const std::string good = MakeRequest("paynow", Signed(kRefund), kRefund);
  const std::string expected = std::get<Event>(Parse(good)).message;
  size_t refused = 0;
  size_t passed = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string request = good;
      request[i] = static_cast<char>(request[i] ^ (1 << bit));
      const auto answer = Parse(request);
      if (const auto* const event = std::get_if<Event>(&answer)) {
        EXPECT_EQ(event->message, expected) << i << "." << bit;
        ++passed;
      } else {
        ++refused;
      }
    }
  }
  // Only the case of letters in header names does not matter.
  EXPECT_EQ(passed, std::string("PayNowSignaturePayNowTimestamp").size());
  EXPECT_EQ(refused + passed, good.size() * 8);
}

}  // namespace
}  // namespace gateway::webhooks
