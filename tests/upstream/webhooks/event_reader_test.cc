#include "upstream/webhooks/event_reader.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/webhooks/v1/annotations.pb.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;
using nlohmann::json;
using testing::HasSubstr;

const EventReader& Reader() {
  static const auto& reader =
      *new std::unique_ptr<const EventReader>(*EventReader::Create(EmbeddedSchemes()));
  return *reader;
}

// Returns the response as JSON, or {"problem": "..."}.
json Read(absl::string_view provider, const std::string& text,
          std::optional<absl::Time> signed_time = {}) {
  const auto event = Reader().Read(SchemeOf(provider), text, signed_time);
  if (const auto* const bad = std::get_if<Unreadable>(&event)) return {{"problem", bad->problem}};
  return ReadResponse(std::get<Event>(event).message);
}

std::string ProblemOf(absl::string_view provider, const std::string& text) {
  return Read(provider, text).value("problem", "");
}

TEST(EventReaderTest, ReadsADocumentedBodyIntoItsMessage) {
  EXPECT_EQ(Read("paynow", R"({"event_type": "ON_REFUND", "event_id": "17",
                               "body": {"id": "1", "amount": 250, "created_at": null}})",
                 absl::FromUnixMillis(1750000000250)),
            json::parse(R"({"provider": "paynow", "event_id": "17", "type": "ON_REFUND",
                            "time": "2025-06-15T15:06:40.250Z",
                            "refund": {"id": "1", "amount": "250"}})"));
}

TEST(EventReaderTest, ReadsABodyThatStandsBeforeItsType) {
  EXPECT_EQ(Read("paynow", R"({"body": {"id": 5}, "new": {"a": [1]}, "event_id": 17,
                               "event_type": "ON_TRIAL_CANCELED"})"),
            json::parse(R"({"provider": "paynow", "event_id": "17", "type": "ON_TRIAL_CANCELED",
                            "trial": {"id": "5"}})"));
}

// Events as the providers document them.
TEST(EventReaderTest, KeepsOtherEventsWhole) {
  const struct {
    const char* provider;
    const char* text;
    const char* id;
    const char* type;
    const char* time;
  } kRows[] = {
      {"paynow", R"({"event_type": "ON_NEW_THING", "event_id": "9", "body": {"x": null}})", "9",
       "ON_NEW_THING", ""},
      {"paymentkit",
       R"({"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1750000000,
           "livemode": false, "data": {"object": {"total": 12.5}, "previous_attributes": {}}})",
       "evt_1", "invoice.paid", "2025-06-15T15:06:40Z"},
      {"qashier",
       R"({"id": "evt_2", "api_version": "1.0.0", "type": "checkout.session.created",
           "request": {"id": "r", "idempotency_key": "k"}, "account": "a", "created": 1750000000,
           "data": {"object": {"id": "cs", "line_items": [{"quantity": 2}]}}})",
       "evt_2", "checkout.session.created", "2025-06-15T15:06:40Z"},
      {"convergegate",
       R"({"id": "3", "type": "session.paused", "created_at": 1750000000,
           "data": {"status": "paused", "session_id": "AW"}})",
       "3", "session.paused", "2025-06-15T15:06:40Z"},
      // An event name of PayNow, sent by another provider.
      {"paymentkit", R"({"id": "4", "type": "ON_REFUND", "body": {}})", "4", "ON_REFUND", ""},
      {"qashier", R"({})", "", "", ""}};
  for (const auto& row : kRows) {
    json expected = {{"provider", row.provider}, {"other", json::parse(row.text)}};
    if (*row.id != '\0') expected["event_id"] = row.id;
    if (*row.type != '\0') expected["type"] = row.type;
    if (*row.time != '\0') expected["time"] = row.time;
    EXPECT_EQ(Read(row.provider, row.text), expected) << row.text;
  }
}

// The event as printed in Qashier's documents, with a value for every member.
constexpr char kQashierEvent[] = R"({
    "id": "evt_1234567890", "api_version": "1.0.0",
    "request": {"id": "req_1", "idempotency_key": "k-1"},
    "type": "checkout.session.completed", "account": "acct_1", "created": 1750000000,
    "data": {"object": {"id": "cs_1", "currency": "sgd",
      "line_items": {"object": "list", "data": [{"amount_total": 500, "currency": "sgd",
        "description": "Kopi", "quantity": 2}]},
      "object": "checkout.session", "amount_total": 500, "created": 1749999000,
      "expires_at": 1750085400, "mode": "payment", "payment_status": "paid", "status": "complete",
      "return_url": "https://x.test/r", "success_url": "https://x.test/s",
      "url": "https://x.test/u"}}})";

TEST(EventReaderTest, ReadsAWholeEventIntoItsMessage) {
  const json read = Read("qashier", kQashierEvent);
  EXPECT_EQ(read["provider"], "qashier");
  EXPECT_EQ(read["event_id"], "evt_1234567890");
  EXPECT_EQ(read["type"], "checkout.session.completed");
  EXPECT_EQ(read["time"], "2025-06-15T15:06:40Z");
  EXPECT_FALSE(read.contains("other"));
  EXPECT_EQ(read["qashier_event"], json::parse(R"({
      "id": "evt_1234567890", "api_version": "1.0.0",
      "request": {"id": "req_1", "idempotency_key": "k-1"},
      "type": "EVENT_TYPE_CHECKOUT_SESSION_COMPLETED", "account": "acct_1",
      "created": "2025-06-15T15:06:40Z",
      "data": {"object": {"id": "cs_1", "currency": "sgd",
        "line_items": {"object": "list", "data": [{"amount_total": "500", "currency": "sgd",
          "description": "Kopi", "quantity": "2"}]},
        "object": "checkout.session", "amount_total": "500", "created": "2025-06-15T14:50:00Z",
        "expires_at": "2025-06-16T14:50:00Z", "mode": "payment",
        "payment_status": "PAYMENT_STATUS_PAID", "status": "CHECKOUT_SESSION_STATUS_COMPLETE",
        "return_url": "https://x.test/r", "success_url": "https://x.test/s",
        "url": "https://x.test/u"}}})"));
  EXPECT_TRUE(std::get<Event>(Reader().Read(SchemeOf("qashier"), kQashierEvent, {})).drift.empty());

  EXPECT_EQ(Read("qashier", R"({"type": "checkout.session.expired", "id": "e"})")["qashier_event"],
            json::parse(R"({"id": "e", "type": "EVENT_TYPE_CHECKOUT_SESSION_EXPIRED"})"));
  EXPECT_EQ(Read("convergegate", R"({"id": "3", "type": "session.completed",
      "created_at": 1750000000, "data": {"status": "completed", "session_id": "AW"}})"),
            json::parse(R"({"provider": "convergegate", "event_id": "3",
                "type": "session.completed", "time": "2025-06-15T15:06:40Z",
                "convergegate_event": {"id": "3", "type": "WEBHOOK_EVENT_TYPE_SESSION_COMPLETED",
                  "created_at": "2025-06-15T15:06:40Z",
                  "data": {"status": "CHECKOUT_SESSION_STATUS_COMPLETED", "session_id": "AW"}}})"));
}

// A Struct stores money as a double. The typed message keeps the exact amount, or the event is
// refused.
TEST(EventReaderTest, KeepsAmountsOfWholeEventsExact) {
  const auto amount = [](const std::string& text) {
    return absl::StrCat(R"({"type": "checkout.session.completed", "data": {"object": )"
                        R"({"amount_total": )",
                        text, "}}}");
  };
  EXPECT_EQ(Read("qashier", amount("9007199254740993"))["qashier_event"]["data"]["object"],
            json::parse(R"({"amount_total": "9007199254740993"})"));
  EXPECT_EQ(ProblemOf("qashier", amount("12.5")), "data.object.amount_total: expected an integer");
}

TEST(EventReaderTest, PrefersTheEventsOwnTime) {
  const std::string text = R"({"created_at": 1750000000})";
  EXPECT_EQ(Read("convergegate", text, absl::UnixEpoch())["time"], "2025-06-15T15:06:40Z");
  EXPECT_EQ(Read("convergegate", "{}", absl::UnixEpoch())["time"], "1970-01-01T00:00:00Z");
  EXPECT_FALSE(Read("convergegate", "{}").contains("time"));
  // Later than the greatest Timestamp.
  EXPECT_EQ(Read("paynow", "{}", absl::FromUnixMillis(999999999999999)),
            json::parse(R"({"provider": "paynow", "other": {}})"));
}

TEST(EventReaderTest, ReadsNullAsAbsent) {
  EXPECT_EQ(Read("paymentkit", R"({"id": null, "type": null, "created": null})"),
            json::parse(R"({"provider": "paymentkit",
                            "other": {"id": null, "type": null, "created": null}})"));
}

TEST(EventReaderTest, TellsWhatHasMovedUpstream) {
  const auto answer = Reader().Read(
      SchemeOf("paynow"), R"({"event_type": "ON_ORDER_COMPLETED", "body": {"surprise": 1}})", {});
  ASSERT_TRUE(std::holds_alternative<Event>(answer));
  bool unknown = false;
  bool missing = false;
  for (const mapping::Drift& drift : std::get<Event>(answer).drift) {
    unknown |= drift.kind == mapping::Drift::Kind::kUnknownMember && drift.text == "surprise" &&
               drift.message->full_name == "paynow.webhooks.v1.OrderDTO";
    missing |= drift.kind == mapping::Drift::Kind::kMissingRequired &&
               drift.field->full_name == "paynow.webhooks.v1.OrderDTO.total_amount";
  }
  EXPECT_TRUE(unknown);
  EXPECT_TRUE(missing);
}

TEST(EventReaderTest, NamesWhatCannotBeRead) {
  const struct {
    const char* provider;
    const char* text;
    const char* problem;
  } kRows[] = {
      {"paynow", R"({"event_type": "ON_REFUND", "body": {"amount": "x"}})",
       "body.amount: expected an integer"},
      {"paynow", R"({"event_type": "ON_REFUND", "body": {"amount": 9223372036854775808}})",
       "body.amount: is out of range"},
      {"paynow", R"({"event_type": "ON_ORDER_COMPLETED", "body": {"lines": [{}, {"price": []}]}})",
       "body.lines[1].price: expected an integer"},
      {"paynow", R"({"event_type": "ON_REFUND", "body": {"id": "1", "id": "2"}})",
       "body.id: is there twice"},
      {"paynow", R"({"event_type": "ON_REFUND", "body": null})", "body: expected an object"},
      {"paynow", R"({"event_type": "ON_REFUND", "body": []})", "body: expected an object"},
      {"paynow", R"({"event_type": "ON_REFUND"})", "body: is missing"},
      {"paynow", R"({"event_type": "ON_REFUND", "body": {}, "body": {}})", "body: is there twice"},
      {"paynow", R"({"event_type": "ON_REFUND", "event_type": "ON_CHARGEBACK", "body": {}})",
       "event_type: is there twice"},
      {"paynow", R"({"event_type": ["ON_REFUND"], "body": {}})", "event_type: expected a string"},
      {"paymentkit", R"([{"id": "1"}])", "expected an object"},
      {"paymentkit", "\"text\"", "expected an object"},
      {"paymentkit", "7", "expected an object"},
      {"paymentkit", R"({"id": "1"} {"id": "2"})", "it goes on after its end"},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(ProblemOf(row.provider, row.text), row.problem) << row.text;
}

TEST(EventReaderTest, RefusesWhatIsNoJson) {
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("<html>"), std::string("{"),
        std::string(R"({"id": "1")"), std::string(R"({"id": "1",})"), std::string(R"({"id": tru})"),
        std::string(R"({"x": nul})"), std::string("\0{}", 3), std::string("{}\0", 3),
        std::string(R"({'id': '1'})")}) {
    EXPECT_NE(ProblemOf("qashier", text), "") << text;
  }
}

// An undocumented form must not make an event unreadable.
TEST(EventReaderTest, ReadsOddEventsThatNoMessageIsFor) {
  const struct {
    const char* text;
    const char* expected;  // without the provider
  } kRows[] = {
      {R"({"id": -1})", R"({"event_id": "-1", "other": {"id": -1}})"},
      {R"({"id": 1e3})", R"({"event_id": "1000", "other": {"id": 1000}})"},
      {R"({"id": {"a": 1}})", R"({"other": {"id": {"a": 1}}})"},
      {R"({"id": "1", "id": "2"})", R"({"event_id": "1", "other": {"id": "1"}})"},
      {R"({"type": 5})", R"({"type": "5", "other": {"type": 5}})"},
      {R"({"data": {"a": 1, "a": 2}})", R"({"other": {"data": {"a": 1}}})"},
      {R"({"data": 1e400})", R"({"other": {"data": "1e400"}})"},
      // An id with invalid characters is left out: other ids would become the same text.
      {R"({"id": "\ud83d"})", "{\"other\": {\"id\": \"\xef\xbf\xbd\"}}"},
      {R"({"data": "\ud83d"})", "{\"other\": {\"data\": \"\xef\xbf\xbd\"}}"},
      {"{\"data\": \"caf\xe9\"}", "{\"other\": {\"data\": \"caf\xef\xbf\xbd\"}}"},
      {"\xef\xbb\xbf{\"id\": \"1\"}", R"({"event_id": "1", "other": {"id": "1"}})"},
      {R"({"\u0069d": "1"})", R"({"event_id": "1", "other": {"id": "1"}})"},
  };
  for (const auto& row : kRows) {
    json expected = json::parse(row.expected);
    expected["provider"] = "paymentkit";
    EXPECT_EQ(Read("paymentkit", row.text), expected) << row.text;
  }
}

// Events that have a message of their own also keep what can be read.
TEST(EventReaderTest, LeavesOutAnOddIdOrTimeOfAKnownEvent) {
  const struct {
    const char* provider;
    const char* text;
    const char* field;
    const char* expected;
  } kRows[] = {
      {"qashier", R"({"type": "checkout.session.expired", "id": "e", "created": TIME})",
       "qashier_event", R"({"type": "EVENT_TYPE_CHECKOUT_SESSION_EXPIRED", "id": "e"})"},
      {"convergegate", R"({"type": "session.expired", "id": "e", "created_at": TIME})",
       "convergegate_event", R"({"type": "WEBHOOK_EVENT_TYPE_SESSION_EXPIRED", "id": "e"})"},
  };
  for (const auto& row : kRows) {
    for (const char* const time :
         {"\"now\"", "1.5", "1704067200000", "{}", "[1]", "true", "\"\"", "1e400"}) {
      const std::string text = absl::StrReplaceAll(row.text, {{"TIME", time}});
      const json read = Read(row.provider, text);
      EXPECT_EQ(read[row.field], json::parse(row.expected)) << text;
      EXPECT_FALSE(read.contains("time")) << text;
      const auto answer = Reader().Read(SchemeOf(row.provider), text, {});
      EXPECT_FALSE(std::get<Event>(answer).drift.empty()) << text;
    }
  }
  for (const char* const id : {R"({"a": 1})", "[]"}) {
    const json read =
        Read("qashier", absl::StrCat(R"({"type": "checkout.session.expired", "id": )", id, "}"));
    EXPECT_EQ(read["qashier_event"],
              json::parse(R"({"type": "EVENT_TYPE_CHECKOUT_SESSION_EXPIRED"})"));
    EXPECT_FALSE(read.contains("event_id"));
  }
  const json twice =
      Read("qashier", R"({"id": "1", "id": "2", "type": "checkout.session.expired"})");
  EXPECT_EQ(twice["event_id"], "1");
  EXPECT_EQ(twice["qashier_event"]["id"], "1");
}

TEST(EventReaderTest, ReadsEveryFormOfATimeAndDoesWithoutOne) {
  for (const char* const time : {"1704067200", "1704067200.0", "1.7040672e9", "\"1704067200\"",
                                 "\"2024-01-01T00:00:00Z\"", "\"2024-01-01T01:00:00+01:00\""}) {
    EXPECT_EQ(Read("paymentkit", absl::StrCat("{\"created\": ", time, "}"))["time"],
              "2024-01-01T00:00:00Z")
        << time;
  }
  for (const char* const time :
       {"\"now\"", "1.5", "999999999999999", "{}", "[1]", "true", "\"\"", "\"nan\""}) {
    const std::string text = absl::StrCat("{\"created\": ", time, "}");
    EXPECT_FALSE(Read("paymentkit", text).contains("time")) << time;
    const auto answer = Reader().Read(SchemeOf("paymentkit"), text, {});
    const auto& drift = std::get<Event>(answer).drift;
    ASSERT_EQ(drift.size(), 1u) << time;
    EXPECT_EQ(drift[0].kind, mapping::Drift::Kind::kAlteredValue) << time;
  }
}

TEST(EventReaderTest, FindsADocumentedBodyHoweverItsNameIsEscaped) {
  const json event = Read("paynow", R"({"event_type": "ON_REFUND", "\u0062ody": {"amount": 5}})");
  EXPECT_EQ(event["refund"]["amount"], "5");
}

// Values that protobuf's parsers would not accept are passed on as text.
TEST(EventReaderTest, HandsOnWhatIsNestedTooDeeply) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += R"({"a": )";
    return text + "1" + std::string(static_cast<size_t>(depth), '}');
  };
  for (const int depth : {30, 31, 32, 33, 34, 40, 100, 100000}) {
    const auto answer = Reader().Read(SchemeOf("qashier"), nested(depth), {});
    ASSERT_TRUE(std::holds_alternative<Event>(answer)) << depth;
    EXPECT_TRUE(NewMessage("ParseEventResponse")->ParseFromString(std::get<Event>(answer).message))
        << depth;
    EXPECT_EQ(std::get<Event>(answer).drift.empty(), depth < 34) << depth;
  }
}

// Compiles a response type like the real one, with these fields in its oneof.
absl::Status Compile(const std::string& fields) {
  FileDescriptorProto file;
  const std::string text = absl::StrCat(
      R"(name: "test.proto" package: "test" syntax: "proto3"
         dependency: "gateway/webhooks/v1/annotations.proto"
         dependency: "google/protobuf/struct.proto"
         dependency: "paynow/webhooks/v1/events.proto"
         message_type { name: "Response" oneof_decl { name: "body" }
           field { name: "provider" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
           field { name: "event_id" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
           field { name: "type" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
           field { name: "time" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL } )",
      fields, "}");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
  mapping::EmbeddedFiles();
  DescriptorPool pool(DescriptorPool::generated_pool());
  const auto* const built = pool.BuildFile(file);
  if (built == nullptr) return absl::UnknownError("does not build");
  return EventReader::CreateFor(EmbeddedSchemes(), *built->FindMessageTypeByName("Response"))
      .status();
}

std::string Field(const std::string& name, int number, const std::string& type,
                  const std::string& event) {
  return absl::StrCat(
      "field { name: '", name, "' number: ", number,
      " type: TYPE_MESSAGE label: LABEL_OPTIONAL oneof_index: 0 type_name: '", type, "' ",
      event.empty() ? "" : absl::StrCat("options { [gateway.webhooks.v1.event] {", event, "} }"),
      "} ");
}

TEST(EventReaderTest, FindsMistakesInTheProtoAtStart) {
  const std::string other = Field("other", 10, ".google.protobuf.Struct", "");
  const char kRefund[] = ".paynow.webhooks.v1.RefundBody";
  const std::string good = Field("a", 11, kRefund, "provider: 'paynow' types: 'ON_A'");
  EXPECT_EQ(Compile(other + good), absl::OkStatus());
  EXPECT_EQ(Compile(good).message(), "test.Response: has no field other");
  EXPECT_EQ(
      Compile(other + good + Field("b", 12, kRefund, "provider: 'paynow' types: 'ON_A'")).message(),
      "test.Response.b: another field is for ON_A");
  EXPECT_EQ(Compile(other + Field("b", 12, kRefund, "")).message(),
            "test.Response.b: no provider of this name has events");
  EXPECT_EQ(Compile(other + Field("b", 12, kRefund, "provider: 'nobody' types: 'x'")).message(),
            "test.Response.b: no provider of this name has events");
  EXPECT_EQ(Compile(other + Field("b", 12, kRefund, "provider: 'paynow'")).message(),
            "test.Response.b: is for no event");
  EXPECT_EQ(Compile(other + "field { name: 'b' number: 12 type: TYPE_STRING label: LABEL_OPTIONAL "
                            "oneof_index: 0 }")
                .message(),
            "test.Response.b: must be a message");
}

}  // namespace
}  // namespace gateway::webhooks
