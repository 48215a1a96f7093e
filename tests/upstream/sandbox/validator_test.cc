#include "upstream/sandbox/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/example.h"

namespace gateway::sandbox {
namespace {

constexpr char kSchemas[] = R"({"operations": [], "schemas": {
  "Id": {"type": "string", "format": "flake-id"},
  "Steam": {"type": "string", "format": "steam-id"},
  "Color": {"type": "string", "enum": ["red", "green"]},
  "Share": {"type": "object", "fields": {
    "part": {"type": "integer", "format": "int64", "nullable": true, "null_when_unset": true}}},
  "Inner": {"type": "object", "fields": {"n": {"type": "integer", "format": "int32", "required": true}}},
  "Outer": {"type": "object", "closed": true, "fields": {
    "id": {"ref": "Id", "required": true},
    "steam": {"ref": "Steam"},
    "color": {"ref": "Color"},
    "note": {"type": "string", "nullable": true},
    "on": {"type": "boolean"},
    "big": {"type": "integer", "format": "int64"},
    "rate": {"type": "number", "format": "double"},
    "at": {"type": "string", "format": "date-time"},
    "inner": {"array": {"ref": "Inner"}},
    "few": {"array": {"type": "string"}, "max_items": 1},
    "even": {"type": "integer", "format": "int64", "maximum": 10},
    "short": {"type": "string", "min_length": 3, "max_length": 4},
    "tags": {"map": {"type": "string"}, "max_key_length": 3},
    "any": {"type": "any"},
    "none": {"type": "null"}}}}})";

class ValidatorTest : public testing::Test {
 protected:
  // Returns "path: code" for every violation.
  std::vector<std::string> Wrong(const char* schema, const char* text,
                                 UnknownMembers unknown = UnknownMembers::kAsDeclared) {
    std::vector<std::string> wrong;
    for (const Violation& one : Validate(contract_->Ref(schema), *ParseJson(text), unknown)) {
      wrong.push_back(one.path + ": " + one.code);
    }
    return wrong;
  }

  const std::unique_ptr<const Contract> contract_ = Contract::Parse(kSchemas).value();
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A request must send null explicitly and must not leave the member out; a reply may do either.
TEST_F(ValidatorTest, AsksForNullWhereTheContractDoes) {
  EXPECT_THAT(Wrong("Share", R"({"part": 5})"), IsEmpty());
  EXPECT_THAT(Wrong("Share", R"({"part": null})"), IsEmpty());
  EXPECT_THAT(Wrong("Share", "{}"), ElementsAre("part: required"));
  EXPECT_THAT(Wrong("Share", "{}", UnknownMembers::kRefused), IsEmpty());
}

TEST_F(ValidatorTest, AcceptsWhatConforms) {
  EXPECT_THAT(Wrong("Outer", R"({"id": "1"})"), IsEmpty());
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "steam": 76561198000000001, "color": "red",
                                 "note": null, "on": false, "big": -9223372036854775808,
                                 "rate": 3, "at": "2025-05-01T00:00:00Z", "inner": [{"n": 1}],
                                 "tags": {"": "x"}, "any": [null], "none": null})"),
              IsEmpty());
}

TEST_F(ValidatorTest, NamesEverythingThatIsWrongAtOnce) {
  EXPECT_THAT(
      Wrong("Outer", R"({"steam": "x", "color": "blue", "note": 1, "on": "true", "big": "1",
                                 "rate": "1", "at": "yesterday", "inner": [{"n": 1}, {}, 7],
                                 "tags": {"a": 1}, "none": 1, "extra": 1})"),
      UnorderedElementsAre("id: required", "steam: format", "color: enum", "note: type", "on: type",
                           "big: type", "rate: type", "at: format", "inner[1].n: required",
                           "inner[2]: type", "tags.a: type", "none: type", "extra: unknown"));
}

// A value of another type has no count and no range.
TEST_F(ValidatorTest, HoldsToBoundsWhatHasTheType) {
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "few": ["a"], "even": 10})"), IsEmpty());
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "few": ["a", "b"], "even": 11})"),
              UnorderedElementsAre("few: count", "even: range"));
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "few": ["a", 1]})"),
              UnorderedElementsAre("few[1]: type", "few: count"));
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "few": {"a": 1, "b": 2}, "even": "11"})"),
              UnorderedElementsAre("few: type", "even: type"));
}

TEST_F(ValidatorTest, CountsCharactersOfTextsAndKeys) {
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "short": "äöüß", "tags": {"äöü": ""}})"), IsEmpty());
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "short": "äö", "tags": {"äöüß": ""}})"),
              UnorderedElementsAre("short: length", "tags: length"));
}

TEST_F(ValidatorTest, NullStandsWhereItMay) {
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "steam": null, "color": null, "note": null})"),
              IsEmpty());
  EXPECT_THAT(Wrong("Outer", R"({"id": null, "on": null})"),
              UnorderedElementsAre("id: null", "on: null"));
}

TEST_F(ValidatorTest, HoldsIntegersToTheirWidth) {
  EXPECT_THAT(Wrong("Inner", R"({"n": 2147483647})"), IsEmpty());
  EXPECT_THAT(Wrong("Inner", R"({"n": 2147483648})"), ElementsAre("n: range"));
  EXPECT_THAT(Wrong("Inner", R"({"n": -2147483649})"), ElementsAre("n: range"));
  EXPECT_THAT(Wrong("Inner", R"({"n": 1.0})"), ElementsAre("n: type"));
  EXPECT_THAT(Wrong("Outer", R"({"id": "1", "big": 9223372036854775808})"),
              ElementsAre("big: range"));
}

TEST_F(ValidatorTest, OpenObjectsIgnoreUnknownMembersUnlessAskedNotTo) {
  EXPECT_THAT(Wrong("Inner", R"({"n": 1, "m": 2})"), IsEmpty());
  EXPECT_THAT(Wrong("Inner", R"({"n": 1, "m": 2})", UnknownMembers::kRefused),
              ElementsAre("m: unknown"));
}

TEST(Example, ConformsForEverySchemaFillAndSeed) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract).value();
  for (const auto& [name, schema] : contract->schemas()) {
    for (const Fill fill : {Fill::kFull, Fill::kRequiredOnly, Fill::kNulls, Fill::kExtremes}) {
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        ExampleOptions options;
        options.fill = fill;
        options.seed = seed;
        const Json value = Example(contract->Ref(name), options);
        EXPECT_EQ(value, Example(contract->Ref(name), options));
        EXPECT_THAT(Validate(contract->Ref(name), value, UnknownMembers::kRefused), IsEmpty())
            << name << " " << value;
        EXPECT_EQ(ParseJson(WriteJson(value)), value) << name;
      }
    }
  }
}

// Three characters of which each has three bytes are no text of five characters.
TEST(Example, BoundsOfTextsCountCharacters) {
  Type text;
  text.kind = Type::Kind::kString;
  for (const auto& [least, most] : {std::pair<size_t, size_t>{1, 2}, {5, 5}, {13, 20}}) {
    text.min_length = least;
    text.max_length = most;
    for (uint64_t seed = 1; seed <= 100; ++seed) {
      ExampleOptions options;
      options.fill = Fill::kExtremes;
      options.seed = seed;
      const Json value = Example(text, options);
      EXPECT_THAT(Validate(text, value, UnknownMembers::kRefused), IsEmpty()) << value;
    }
  }
}

TEST(Example, FillsAsItSays) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract).value();
  const Schema& order = *contract->FindSchema("OrderDto");
  ExampleOptions options;
  const Json full = Example(contract->Ref("OrderDto"), options);
  options.fill = Fill::kRequiredOnly;
  const Json required = Example(contract->Ref("OrderDto"), options);
  options.fill = Fill::kNulls;
  const Json nulls = Example(contract->Ref("OrderDto"), options);
  EXPECT_EQ(full.size(), order.fields.size());
  EXPECT_EQ(nulls.size(), order.fields.size());
  for (const Field& field : order.fields) {
    EXPECT_FALSE(full[field.name].is_null()) << field.name;
    EXPECT_EQ(required.contains(field.name), field.required) << field.name;
    EXPECT_EQ(nulls[field.name].is_null(), field.MayBeNull()) << field.name;
  }
  options.seed = 2;
  options.fill = Fill::kFull;
  EXPECT_NE(Example(contract->Ref("OrderDto"), options), full);
}

TEST(Example, TakesWhatIsKnown) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract).value();
  ExampleOptions options;
  options.known = [](absl::string_view member) {
    return member == "customer_id" ? Json("7") : Absent();
  };
  EXPECT_EQ(Example(contract->Ref("CreateCheckoutSessionManagementDto"), options)["customer_id"],
            "7");
}

}  // namespace
}  // namespace gateway::sandbox
