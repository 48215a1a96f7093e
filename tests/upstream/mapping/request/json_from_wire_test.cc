#include "upstream/mapping/request/json_from_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::Fixed64Field;
using shop::MixBody;
using shop::MixBodyOfBytes;
using shop::VarintField;
using testing::HasSubstr;
using testing::StartsWith;

struct Case {
  const char* message;  // Everything in text format
  const char* json;     // to the letter
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.message; }

class Sent : public testing::TestWithParam<Case> {};

TEST_P(Sent, IsWrittenAs) { EXPECT_EQ(MixBody(GetParam().message), GetParam().json); }

INSTANTIATE_TEST_SUITE_P(
    Presence, Sent,
    testing::Values(
        Case{"", R"({})"}, Case{"text: ''", R"({"text":""})"}, Case{"small: 0", R"({"small":0})"},
        Case{"big: 0", R"({"big":0})"}, Case{"real: 0", R"({"real":0})"},
        Case{"flag: false", R"({"flag":false})"}, Case{"nested {}", R"({"nested":{}})"},
        Case{"nested { nested { flag: false } }", R"({"nested":{"nested":{"flag":false}}})"},
        Case{"object {}", R"({"object":{}})"}, Case{"list {}", R"({"list":[]})"},
        Case{"time {}", R"({"time":"1970-01-01T00:00:00Z"})"},
        Case{"texts: ''", R"({"texts":[""]})"}, Case{"nesteds {}", R"({"nesteds":[{}]})"},
        Case{"text: 'a' big: 2 flag: true renamed: 'b'",
             R"({"text":"a","big":2,"flag":true,"otherName":"b"})"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Sent,
    testing::Values(Case{"small: 2147483647", R"({"small":2147483647})"},
                    Case{"small: -2147483648", R"({"small":-2147483648})"},
                    Case{"big: 9223372036854775807", R"({"big":9223372036854775807})"},
                    Case{"big: -9223372036854775808", R"({"big":-9223372036854775808})"},
                    Case{"narrow: 2147483647", R"({"narrow":2147483647})"},
                    Case{"narrow: -2147483648", R"({"narrow":-2147483648})"},
                    Case{"number_id: 42", R"({"number_id":"42"})"},
                    Case{"number_id: -1",
                         "refused: body.number_id: must be a 64-bit id in decimal digits"},
                    Case{"narrow: 2147483648", "refused: body.narrow: must fit in 32 bits"},
                    Case{"narrow: -2147483649", "refused: body.narrow: must fit in 32 bits"},
                    Case{"real: 0.1", R"({"real":0.1})"}, Case{"real: -0.5", R"({"real":-0.5})"},
                    Case{"real: 5e-324", R"({"real":5e-324})"},
                    Case{"real: 1.7976931348623157e308", R"({"real":1.7976931348623157e+308})"},
                    Case{"real: 0.30000000000000004", R"({"real":0.30000000000000004})"},
                    Case{"real: nan", "refused: body.real: must be a finite number"},
                    Case{"real: inf", "refused: body.real: must be a finite number"},
                    Case{"real: -inf", "refused: body.real: must be a finite number"}));

// Whole numbers, unless they are very large, are written in plain digits, because some readers
// accept an integer in no other form.
INSTANTIATE_TEST_SUITE_P(
    WholeDoubles, Sent,
    testing::Values(Case{"real: 100000", R"({"real":100000})"},
                    Case{"real: -1000000", R"({"real":-1000000})"},
                    Case{"real: 9007199254740992", R"({"real":9007199254740992})"},
                    Case{"real: 1e22", R"({"real":1e+22})"}, Case{"real: -0.0", R"({"real":-0})"},
                    Case{"any { number_value: 100000 }", R"({"any":100000})"},
                    Case{"reals: 1000000 reals: 0.5", R"({"reals":[1000000,0.5]})"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Sent,
    testing::Values(
        Case{"text: '\"\\\\/\\b\\f\\n\\r\\t\\001\\037\\177'",
             "{\"text\":\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u001f\x7f\"}"},
        Case{"text: '\\000'", R"({"text":"\u0000"})"},
        Case{"text: '\xf0\x9f\x8d\x8b\xc3\xa9'", "{\"text\":\"\xf0\x9f\x8d\x8b\xc3\xa9\"}"},
        Case{"text: '\\342\\200\\250'", "{\"text\":\"\xe2\x80\xa8\"}"},
        Case{"id: '411486491630370816'", R"({"id":"411486491630370816"})"},
        Case{"id: ''", "refused: body.id: must be a 64-bit id in decimal digits"},
        Case{"id: '9223372036854775808'",
             "refused: body.id: must be a 64-bit id in decimal digits"},
        Case{"steam_id: '18446744073709551615'", R"({"steam_id":"18446744073709551615"})"},
        Case{"steam_id: '-1'",
             "refused: body.steam_id: must be a 64-bit Steam id in decimal digits"},
        Case{"duration: 'P1Y2M3DT4H5M6S'", R"({"duration":"P1Y2M3DT4H5M6S"})"},
        Case{"duration: '5 days'",
             "refused: body.duration: must be an ISO 8601 duration, such as P1M or PT12H"},
        Case{"ids: '1' ids: 'x'", "refused: body.ids[1]: must be a 64-bit id in decimal digits"}));

constexpr char kNotOfTheEnum[] = "must be one of the enum's values, and not the unspecified one";

TEST(SentEnum, IsTheUpstreamsText) {
  EXPECT_EQ(MixBody("flavor: FLAVOR_LEMON"), R"({"flavor":"lemon"})");
  EXPECT_EQ(MixBody("flavor: FLAVOR_PINK_LEMON"), R"({"flavor":"pink_lemon"})");
  EXPECT_EQ(MixBody("flavor: FLAVOR_ON_ICE"), R"({"flavor":"OnIce"})");
  EXPECT_EQ(MixBody("flavor: FLAVOR_UNKNOWN"), R"({"flavor":"unknown"})");
  EXPECT_EQ(MixBody("flavor: FLAVOR_SOUR"), R"({"flavor":"sour"})");
  EXPECT_EQ(MixBody("flavor: FLAVOR_UNSPECIFIED"),
            absl::StrCat("refused: body.flavor: ", kNotOfTheEnum));
  EXPECT_EQ(MixBody("flavors: [FLAVOR_LEMON, FLAVOR_UNSPECIFIED]"),
            absl::StrCat("refused: body.flavors[1]: ", kNotOfTheEnum));
  for (const uint64_t number : {uint64_t{5}, uint64_t{99}, uint64_t{1} << 32 | 1, ~uint64_t{0}}) {
    EXPECT_EQ(MixBodyOfBytes(VarintField(6, number)),
              absl::StrCat("refused: body.flavor: ", kNotOfTheEnum))
        << number;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Times, Sent,
    testing::Values(Case{"time { seconds: 1709210096 }", R"({"time":"2024-02-29T12:34:56Z"})"},
                    Case{"time { seconds: -1 nanos: 500000000 }",
                         R"({"time":"1969-12-31T23:59:59.500Z"})"},
                    Case{"time { nanos: 1 }", R"({"time":"1970-01-01T00:00:00.000000001Z"})"},
                    Case{"time { seconds: -62135596800 }", R"({"time":"0001-01-01T00:00:00Z"})"},
                    Case{"time { seconds: 253402300799 nanos: 999999999 }",
                         R"({"time":"9999-12-31T23:59:59.999999999Z"})"},
                    Case{"time { seconds: -62135596801 }",
                         "refused: body.time: must lie between the years 1 "
                         "and 9999, nanos within a second"},
                    Case{"time { seconds: 253402300800 }",
                         "refused: body.time: must lie between the years 1 "
                         "and 9999, nanos within a second"},
                    Case{"time { nanos: -1 }",
                         "refused: body.time: must lie between the years 1 and 9999, "
                         "nanos within a second"},
                    Case{"time { nanos: 1000000000 }",
                         "refused: body.time: must lie between the years 1 and "
                         "9999, nanos within a second"}));

// Elements of every kind, in lists and in maps.
TEST(SentLists, CarryEveryKind) {
  EXPECT_EQ(
      MixBody("texts: ['a', ''] smalls: [1, -1, 0] bigs: [9223372036854775807, 0] "
              "reals: [0.5] flags: [true, false] flavors: [FLAVOR_LEMON, FLAVOR_SOUR] "
              "times {} times { seconds: 1 } nesteds { small: 1 } nesteds {} objects {} "
              "anys { null_value: NULL_VALUE } anys { bool_value: true } lists {} loose: [1, 2]"),
      R"({"texts":["a",""],"smalls":[1,-1,0],"bigs":[9223372036854775807,0],"reals":[0.5],)"
      R"("flags":[true,false],"flavors":["lemon","sour"],)"
      R"("times":["1970-01-01T00:00:00Z","1970-01-01T00:00:01Z"],"nesteds":[{"small":1},{}],)"
      R"("objects":[{}],"anys":[null,true],"lists":[[]],"loose":[1,2]})");
}

TEST(SentMaps, CarryEveryKind) {
  const nlohmann::json json = nlohmann::json::parse(
      MixBody("text_map { key: 'a' value: '' } small_map { key: '' value: -1 } "
              "big_map { key: 'b' value: 0 } real_map { key: 'r' value: 1.5 } "
              "flag_map { key: 'f' value: false } flavor_map { key: 'l' value: FLAVOR_ON_ICE } "
              "time_map { key: 't' value {} } nested_map { key: 'n' value { flag: false } } "
              "object_map { key: 'o' value {} } any_map { key: 'y' value { bool_value: true } } "
              "list_map { key: '\"' value {} }"));
  EXPECT_EQ(json, nlohmann::json::parse(R"({
      "text_map":{"a":""},"small_map":{"":-1},"big_map":{"b":0},"real_map":{"r":1.5},
      "flag_map":{"f":false},"flavor_map":{"l":"OnIce"},
      "time_map":{"t":"1970-01-01T00:00:00Z"},"nested_map":{"n":{"flag":false}},
      "object_map":{"o":{}},"any_map":{"y":true},"list_map":{"\"":[]}})"));
}

TEST(SentMaps, NameTheKeyOfABadValue) {
  EXPECT_EQ(MixBody("id_map { key: 'k\\n' value: 'x' }"),
            R"(refused: body.id_map["k\n"]: must be a 64-bit id in decimal digits)");
  EXPECT_EQ(MixBody("nested_map { key: 'k' value { narrow: 4294967296 } }"),
            R"(refused: body.nested_map["k"].narrow: must fit in 32 bits)");
}

TEST(SentMaps, RefuseAKeyThatIsThereTwice) {
  const std::string entry = BytesField(41, BytesField(1, "k") + BytesField(2, "v"));
  EXPECT_EQ(MixBodyOfBytes(entry + entry), R"(refused: body.text_map["k"]: is there twice)");
}

// The position of the repeated key among many others does not matter.
TEST(SentMaps, RefuseAnyOfManyKeysThatIsThereTwice) {
  constexpr int kKeys = 30;
  std::string entries;
  for (int i = 0; i < kKeys; ++i) {
    entries += BytesField(41, BytesField(1, absl::StrCat("k", i)) + BytesField(2, "v"));
  }
  EXPECT_THAT(MixBodyOfBytes(entries), HasSubstr("\"k29\":\"v\""));
  for (int i = 0; i < kKeys; ++i) {
    const std::string again = BytesField(41, BytesField(1, absl::StrCat("k", i)));
    EXPECT_EQ(MixBodyOfBytes(entries + again),
              absl::StrCat("refused: body.text_map[\"k", i, "\"]: is there twice"));
  }
}

TEST(SentMaps, TakeAMissingKeyOrValueForTheDefault) {
  EXPECT_EQ(MixBodyOfBytes(BytesField(41, "")), R"({"text_map":{"":""}})");
  EXPECT_EQ(MixBodyOfBytes(BytesField(43, BytesField(1, "k"))), R"({"big_map":{"k":0}})");
  EXPECT_EQ(MixBodyOfBytes(BytesField(44, BytesField(1, "k"))), R"({"real_map":{"k":0}})");
  EXPECT_EQ(MixBodyOfBytes(BytesField(48, BytesField(1, "k"))), R"({"nested_map":{"k":{}}})");
  EXPECT_EQ(MixBodyOfBytes(BytesField(46, BytesField(1, "k"))),
            absl::StrCat(R"(refused: body.flavor_map["k"]: )", kNotOfTheEnum));
}

TEST(SentText, MustBeUtf8Wherever) {
  const std::string bad = "sp\xff!";
  const auto in_value = [&](absl::string_view value) { return BytesField(3, value); };
  const std::string entry = BytesField(1, BytesField(1, bad) + BytesField(2, in_value("v")));
  for (const std::string& bytes : {
           BytesField(1, bad),
           BytesField(21, bad),
           BytesField(41, BytesField(1, bad) + BytesField(2, "v")),
           BytesField(41, BytesField(1, "k") + BytesField(2, bad)),
           BytesField(10, in_value(bad)),
           BytesField(11, BytesField(1, in_value(bad))),
           BytesField(9, entry),
           BytesField(61, bad),
       }) {
    const std::string answer = MixBodyOfBytes(bytes);
    EXPECT_THAT(answer, StartsWith("refused: body."));
    EXPECT_THAT(answer, HasSubstr("valid UTF-8"));
    EXPECT_TRUE(nlohmann::json::accept(nlohmann::json(answer).dump())) << "the answer is UTF-8";
  }
}

TEST(SentBody, RefusesFieldNumbersThatItDoesNotKnow) {
  const std::string unknown = VarintField(99, 1);
  const std::string expected = "has a field number 99 that is not known here";
  EXPECT_EQ(MixBodyOfBytes(unknown), "refused: body: " + expected);
  EXPECT_EQ(MixBodyOfBytes(BytesField(8, unknown)), "refused: body.nested: " + expected);
  EXPECT_EQ(MixBodyOfBytes(BytesField(28, "") + BytesField(28, unknown)),
            "refused: body.nesteds[1]: " + expected);
  EXPECT_EQ(MixBodyOfBytes(VarintField(5000, 1)),
            "refused: body: has a field number 5000 that is not known here");
  EXPECT_EQ(MixBodyOfBytes(VarintField(536870911, 1)),
            "refused: body: has a field number 536870911 that is not known here");
  EXPECT_THAT(MixBodyOfBytes(BytesField(7, VarintField(3, 1))), StartsWith("refused: body.time"));
  EXPECT_THAT(MixBodyOfBytes(BytesField(41, VarintField(3, 1))), StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(10, VarintField(9, 1))), StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(10, VarintField(9, 1) + VarintField(4, 1))),
              StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(9, VarintField(9, 1))), StartsWith("refused: "));
}

TEST(SentBody, RefusesAValueOfAnotherWireType) {
  for (const std::string& bytes : {
           VarintField(1, 1),
           BytesField(2, "\x01"),
           Fixed64Field(3, 1),
           VarintField(4, 1),
           BytesField(5, "\x01"),
           BytesField(6, "\x01"),
           VarintField(7, 1),
           VarintField(8, 1),
           VarintField(10, 1),
           VarintField(21, 1),
           VarintField(41, 1),
           Fixed64Field(22, 1),
           // Within google.protobuf.Value: null, bool and number.
           BytesField(10, BytesField(1, "")),
           BytesField(10, BytesField(4, "")),
           BytesField(10, VarintField(2, 1)),
           BytesField(10, VarintField(3, 1)),
           BytesField(10, Fixed64Field(5, 1)),
           // Within google.protobuf.Timestamp.
           BytesField(7, Fixed64Field(1, 1)),
           BytesField(7, BytesField(2, "")),
           // Groups, and wire types that do not exist.
           std::string("\x0b\x0c", 2),
           std::string("\x0e", 1),
           std::string("\x0f", 1),
           // Field number 0, and a varint without end.
           VarintField(0, 1),
           std::string(11, '\xff'),
       }) {
    EXPECT_THAT(MixBodyOfBytes(bytes), StartsWith("refused: ")) << testing::PrintToString(bytes);
  }
}

std::string NestedMessage(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes = BytesField(8, bytes);
  return bytes;
}

TEST(SentBody, IsAsDeepAsProtobufReads) {
  EXPECT_EQ(shop::Text("MixRequest", BytesField(2, NestedMessage(99))).substr(0, 4), "body");
  EXPECT_EQ(shop::Text("MixRequest", BytesField(2, NestedMessage(100))), "unparsable");
  EXPECT_TRUE(nlohmann::json::accept(MixBodyOfBytes(NestedMessage(99))));
  EXPECT_THAT(MixBodyOfBytes(NestedMessage(100)), StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(NestedMessage(20000)), StartsWith("refused: "));
}

}  // namespace
}  // namespace gateway::mapping
