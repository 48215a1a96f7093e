// Delivers every event that the providers document, and compares what the client gets with the
// JSON. Also compares PayNow's protos with the events that PayNow publishes:
// testdata/paynow_events.json lists the body of each event, and the members of each type (`!` means
// required, `?` means nullable). The events of the other providers are in their contracts.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/end_to_end/support/caller.h"
#include "tests/end_to_end/support/proto_json.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/example.h"
#include "upstream/sandbox/server.h"
#include "upstream/sandbox/validator.h"

namespace gateway::end_to_end {
namespace {

using webhooks::MakeRequest;
using webhooks::NewMessage;

constexpr char kParseEvent[] = "/gateway.webhooks.v1.WebhookService/ParseEvent";
constexpr char kSecret[] = "whsec_0123456789";

const Json& Published() {
  static const Json& published = *new Json(
      Json::parse(std::ifstream(SOURCE_DIR "/tests/end_to_end/testdata/paynow_events.json")));
  return published;
}

// A parsed member declaration such as "[]OrderLineDTO!".
struct Member {
  explicit Member(absl::string_view text) {
    nullable = absl::ConsumeSuffix(&text, "?");
    required = absl::ConsumeSuffix(&text, "!");
    repeated = absl::ConsumePrefix(&text, "[]");
    type = std::string(text);
  }

  bool is_message() const { return Published()["types"].contains(type); }

  std::string type;
  bool repeated;
  bool required;
  bool nullable;
};

// Makes values that all differ, so that swapped fields are detected.
class Sampler {
 public:
  explicit Sampler(bool nulls) : nulls_(nulls) {}

  Json Object(const std::string& type) {
    Json object = Json::object();
    for (const auto& [name, text] : Published()["types"][type].items()) {
      const Member member(text.get<std::string>());
      if (nulls_ && member.nullable) {
        object[name] = nullptr;
      } else if (member.repeated) {
        object[name] = {Value(member), Value(member)};
      } else {
        object[name] = Value(member);
      }
    }
    return object;
  }

 private:
  Json Value(const Member& member) {
    ++count_;
    if (member.is_message()) return Object(member.type);
    if (member.type == "flake-id") return absl::StrCat(411486491630370816 + count_);
    if (member.type == "date-time") {
      return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMillis(1750000000000 + count_),
                              absl::UTCTimeZone());
    }
    if (member.type == "integer") return int64_t{1} << 40 | count_;
    if (member.type == "boolean") return true;
    if (member.type == "map") return {{absl::StrCat("key ", count_), "é"}, {"", ""}};
    EXPECT_EQ(member.type, "string");
    return absl::StrCat("text ", count_);
  }

  const bool nulls_;
  int64_t count_ = 0;
};

// Removes from `names` the fields of a package and the fields that hold its messages.
void EraseOf(const std::string& package, std::set<std::string>& names) {
  for (auto name = names.begin(); name != names.end();) {
    const bool of = absl::StartsWith(*name, package + ".") ||
                    absl::EndsWith(*name, absl::StrCat(".", package, "_event"));
    name = of ? names.erase(name) : std::next(name);
  }
}

Json WithoutNulls(const Json& value) {
  if (value.is_array()) {
    Json array = Json::array();
    for (const Json& element : value) array.push_back(WithoutNulls(element));
    return array;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (!member.is_null()) object[name] = WithoutNulls(member);
  }
  return object;
}

class WebhookEventsTest : public testing::Test {
 protected:
  WebhookEventsTest() {
    Config config;
    config.listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config.upstreams["paynow"];
    upstream.options.base_url = "http://127.0.0.1:1";
    upstream.api_key.file = directory_.Write("key", "secret");
    const std::string secret = directory_.Write("secret", kSecret);
    config.webhooks.providers["paynow"].secrets["only"].file = secret;
    config.webhooks.providers["convergegate"].secrets["only"].file = secret;
    config.webhooks.providers["qashier"].allow_unsigned = true;
    gateway_ = *Gateway::Create(config);
    caller_ = std::make_unique<Caller>(gateway_->port());
  }

  using Headers = webhooks::HeaderList;

  // Delivers a PayNow event that is signed now, and returns the response.
  std::unique_ptr<Message> Deliver(const std::string& body) {
    const std::string timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
    return Deliver("paynow",
                   {{"PayNow-Timestamp", timestamp},
                    {"PayNow-Signature",
                     webhooks::Base64Text(webhooks::Hmac(kSecret, timestamp + "." + body))}},
                   body);
  }

  // Delivers an event of another provider, signed if that provider signs, and returns the response.
  std::unique_ptr<Message> DeliverOf(const std::string& provider, const std::string& body) {
    if (provider != "convergegate") return Deliver(provider, {}, body);
    const std::string timestamp = absl::StrCat(absl::ToUnixSeconds(absl::Now()));
    const std::string signature =
        webhooks::HexText(webhooks::Hmac(webhooks::Sha(kSecret), timestamp + body));
    return Deliver(provider, {{"Sec-Timestamp", timestamp}, {"Sec-Signature", signature}}, body);
  }

  std::unique_ptr<Message> Deliver(const std::string& provider, const Headers& headers,
                                   const std::string& body) {
    const Answer answer = caller_->Call(kParseEvent, MakeRequest(provider, headers, body));
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message() << "\n" << body;
    std::unique_ptr<Message> response = NewMessage("ParseEventResponse");
    EXPECT_TRUE(response->ParseFromString(answer.message));
    return response;
  }

  TempDir directory_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Caller> caller_;
};

TEST_F(WebhookEventsTest, CarriesEveryPublishedEvent) {
  int typed = 0;
  int whole = 0;
  std::set<std::string> seen;
  for (const auto& [type, body] : Published()["events"].items()) {
    for (const bool nulls : {false, true}) {
      SCOPED_TRACE(absl::StrCat(type, nulls ? " with nulls" : ""));
      Json event = {{"event_type", type}, {"event_id", absl::StrCat(1000 + typed + whole)}};
      event["body"] = body.is_null() ? Json{{"not", {"documented", 1.5, nullptr}}}
                                     : Sampler(nulls).Object(body.get<std::string>());
      const std::unique_ptr<Message> response = Deliver(event.dump());
      ProtoJson convert;
      Json members = convert.Members(*response);
      seen.insert(convert.seen().begin(), convert.seen().end());
      EXPECT_EQ(members["provider"], "paynow");
      EXPECT_EQ(members["type"], type);
      EXPECT_EQ(members["event_id"], event["event_id"]);
      EXPECT_TRUE(members.contains("time"));
      EXPECT_EQ(members.size(), 5u);
      const auto* const oneof = response->GetDescriptor()->FindOneofByName("body");
      const auto* const field =
          response->GetReflection()->GetOneofFieldDescriptor(*response, oneof);
      ASSERT_NE(field, nullptr);
      if (body.is_null()) {
        EXPECT_EQ(field->name(), "other");
        EXPECT_EQ(members["other"], event);
        ++whole;
      } else {
        EXPECT_EQ(members[field->name()], WithoutNulls(event["body"]));
        ++typed;
      }
    }
  }
  EXPECT_EQ(typed, 2 * 17);
  EXPECT_EQ(whole, 2 * 10);
  // Drift would be counted for each member that an event lacks, or has beyond the protos.
  for (const auto& [drift, count] : gateway_->drift().Counts()) ADD_FAILURE() << drift;
  // Every field of the response, and of every message reachable from it, was used.
  std::set<std::string> all;
  AddReachable(*NewMessage("ParseEventResponse")->GetDescriptor(), all);
  for (const char* const package : {"qashier", "convergegate"}) EraseOf(package, all);
  for (const std::string& name : all) EXPECT_EQ(seen.count(name), 1u) << name;
  std::cout << "events delivered: " << typed + whole << ", fields carried: " << all.size() << "\n";
}

// For each event that a contract documents completely, including the sandbox's own: the caller gets
// what the provider sends, and every field is used.
TEST_F(WebhookEventsTest, CarriesEveryWholeEvent) {
  size_t events = 0;
  for (const char* const provider : {"qashier", "convergegate"}) {
    SCOPED_TRACE(provider);
    const std::string text(sandbox::FindBundle(provider)->contract);
    const sandbox::Contract& contract = **sandbox::ContractOf(provider);
    ProtoJson convert;
    std::string field;
    const Json contract_json = Json::parse(text);
    for (const Json& documented : contract_json.at("events")) {
      const sandbox::Type whole = contract.Ref(documented.at("ref").get<std::string>());
      for (uint64_t seed = 1; seed <= 3; ++seed) {
        sandbox::ExampleOptions options;
        options.seed = seed;
        Json event = sandbox::Example(whole, options);
        event["type"] = documented.at("type");
        const std::unique_ptr<Message> response = DeliverOf(provider, event.dump());
        const Json members = convert.Members(*response);
        field = absl::StrCat(provider, "_event");
        EXPECT_EQ(members.at(field), event);
        EXPECT_EQ(members.at("type"), documented.at("type"));
        EXPECT_EQ(members.at("event_id"), event.at("id"));
        ++events;
      }
    }
    std::set<std::string> all;
    AddReachable(
        *NewMessage("ParseEventResponse")->GetDescriptor()->FindFieldByName(field)->message_type(),
        all);
    for (const std::string& name : all) EXPECT_EQ(convert.seen().count(name), 1u) << name;
  }
  for (const auto& [drift, count] : gateway_->drift().Counts()) ADD_FAILURE() << drift;
  EXPECT_EQ(events, 3u * 5);
}

class Comparison {
 public:
  void Compare(const std::string& type, const Descriptor& message) {
    if (!seen_.emplace(type).second) return;
    const Json& members = Published()["types"][type];
    std::set<std::string> names;
    for (const auto& [name, text] : members.items()) {
      names.insert(name);
      const FieldDescriptor* const field = message.FindFieldByName(name);
      if (field == nullptr) {
        Differ(absl::StrCat(message.full_name(), ".", name, ": is missing"));
      } else {
        CompareField(Member(text.get<std::string>()), *field);
      }
    }
    for (int i = 0; i < message.field_count(); ++i) {
      if (names.count(message.field(i)->name()) == 0) {
        Differ(message.field(i)->full_name() + ": is not published");
      }
    }
  }

  const std::set<std::string>& differences() const { return differences_; }
  const std::set<std::string>& seen() const { return seen_; }
  int fields() const { return fields_; }

 private:
  void CompareField(const Member& member, const FieldDescriptor& field) {
    ++fields_;
    const auto differ = [&](const char* what, bool same) {
      if (!same) Differ(absl::StrCat(field.full_name(), ": ", what));
    };
    const v1::FieldRules& rules = RulesOf(field);
    differ("required", rules.required() == member.required);
    differ("nullable", rules.nullable() == member.nullable);
    differ("format",
           (rules.format() == v1::FLAKE_ID) == (member.type == "flake-id") &&
               (rules.format() == v1::FLAKE_ID || rules.format() == v1::FORMAT_UNSPECIFIED));
    differ("list", (field.is_repeated() && !field.is_map()) == member.repeated);
    differ("type", TypeOf(field) == (member.type == "flake-id" ? "string" : member.type) ||
                       (member.is_message() && TypeOf(field) == "message"));
    if (member.is_message() && TypeOf(field) == "message") {
      Compare(member.type, *field.message_type());
    }
  }

  static std::string TypeOf(const FieldDescriptor& field) {
    if (field.is_map()) return "map";
    if (field.message_type() != nullptr) {
      return field.message_type()->full_name() == "google.protobuf.Timestamp" ? "date-time"
                                                                              : "message";
    }
    switch (field.type()) {
      case FieldDescriptor::TYPE_STRING:
        return "string";
      case FieldDescriptor::TYPE_INT64:
        return "integer";
      case FieldDescriptor::TYPE_BOOL:
        return "boolean";
      default:
        return "?";
    }
  }

  void Differ(const std::string& difference) { differences_.insert(difference); }

  std::set<std::string> seen_;
  std::set<std::string> differences_;
  int fields_ = 0;
};

TEST_F(WebhookEventsTest, ProtosAreWhatPayNowPublishes) {
  Comparison comparison;
  for (const auto& [type, body] : Published()["events"].items()) {
    if (body.is_null()) continue;
    const auto delivered = Deliver(Json{{"event_type", type}, {"body", Json::object()}}.dump());
    const auto* const field = delivered->GetReflection()->GetOneofFieldDescriptor(
        *delivered, delivered->GetDescriptor()->FindOneofByName("body"));
    ASSERT_NE(field, nullptr) << type;
    comparison.Compare(body.get<std::string>(), *field->message_type());
  }
  EXPECT_EQ(comparison.differences(), std::set<std::string>());
  EXPECT_EQ(comparison.seen().size(), Published()["types"].size());
  std::cout << "types compared: " << comparison.seen().size() << ", fields: " << comparison.fields()
            << "\n";
}

}  // namespace
}  // namespace gateway::end_to_end
