#include "upstream/mapping/reply/wire_from_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::Normal;
using shop::ReadText;
using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::string_view kFailed = "failed: the upstream's reply cannot be read: ";

struct Case {
  const char* json;
  const char* text;  // Everything in text format, or "failed: <problem>"
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.json; }

class Received : public testing::TestWithParam<Case> {};

TEST_P(Received, IsReadAs) {
  const std::string actual = ReadText("GetMix", GetParam().json);
  absl::string_view problem = GetParam().text;
  if (absl::ConsumePrefix(&problem, "failed: ")) {
    EXPECT_EQ(actual, absl::StrCat(kFailed, problem));
  } else {
    EXPECT_EQ(actual, Normal("Everything", GetParam().text));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Presence, Received,
    testing::Values(Case{"{}", ""}, Case{" {\n} ", ""}, Case{R"({"text":""})", "text: ''"},
                    Case{R"({"small":0})", "small: 0"}, Case{R"({"big":0})", "big: 0"},
                    Case{R"({"real":0})", "real: 0"}, Case{R"({"flag":false})", "flag: false"},
                    Case{R"({"nested":{}})", "nested {}"}, Case{R"({"object":{}})", "object {}"},
                    Case{R"({"list":[]})", "list {}"},
                    Case{R"({"time":"1970-01-01T00:00:00Z"})", "time {}"},
                    Case{R"({"otherName":"x"})", "renamed: 'x'"}));

// Null and absent read alike, whatever the type; only a google.protobuf.Value can be null.
INSTANTIATE_TEST_SUITE_P(
    Null, Received,
    testing::Values(
        Case{R"({"text":null,"small":null,"big":null,"real":null,"flag":null})", ""},
        Case{R"({"flavor":null,"time":null,"nested":null,"object":null,"list":null})", ""},
        Case{R"({"texts":null,"smalls":null,"nesteds":null,"anys":null})", ""},
        Case{R"({"text_map":null,"any_map":null,"id":null,"duration":null})", ""},
        Case{R"({"any":null})", "any { null_value: NULL_VALUE }"},
        Case{R"({"anys":[null]})", "anys { null_value: NULL_VALUE }"},
        Case{R"({"any_map":{"k":null}})", "any_map { key: 'k' value { null_value: NULL_VALUE } }"},
        Case{R"({"text_map":{"k":null,"l":"v"}})", "text_map { key: 'l' value: 'v' }"},
        Case{R"({"text":nul})", "failed: text: is not valid JSON"},
        Case{R"({"text":nulll})", "failed: text: is not valid JSON"},
        Case{R"({"any":nulll})", "failed: any: is not valid JSON"}));

INSTANTIATE_TEST_SUITE_P(
    Integers, Received,
    testing::Values(Case{R"({"small":2147483647})", "small: 2147483647"},
                    Case{R"({"small":-2147483648})", "small: -2147483648"},
                    Case{R"({"small":2147483648})", "failed: small: is out of range"},
                    Case{R"({"small":-2147483649})", "failed: small: is out of range"},
                    Case{R"({"small":4294967297})", "failed: small: is out of range"},
                    Case{R"({"small":"2147483648"})", "failed: small: is out of range"},
                    Case{R"({"small":3e9})", "failed: small: is out of range"},
                    Case{R"({"big":9223372036854775807})", "big: 9223372036854775807"},
                    Case{R"({"big":-9223372036854775808})", "big: -9223372036854775808"},
                    Case{R"({"big":9223372036854775808})", "failed: big: is out of range"},
                    Case{R"({"big":18446744073709551616})", "failed: big: is out of range"},
                    Case{R"({"big":"9223372036854775807"})", "big: 9223372036854775807"},
                    Case{R"({"big":"9223372036854775808"})", "failed: big: expected an integer"},
                    Case{R"({"big":"-5"})", "big: -5"},
                    Case{R"({"big":""})", "failed: big: expected an integer"},
                    Case{R"({"big":"5x"})", "failed: big: expected an integer"},
                    Case{R"({"big":"0x10"})", "failed: big: expected an integer"},
                    Case{R"({"big":"1.0"})", "failed: big: expected an integer"},
                    Case{R"({"big":1.0})", "big: 1"}, Case{R"({"big":1e3})", "big: 1000"},
                    Case{R"({"big":-1.5E1})", "big: -15"}, Case{R"({"big":-0})", "big: 0"},
                    Case{R"({"big":-0.0})", "big: 0"}, Case{R"({"small":1e3})", "small: 1000"},
                    Case{R"({"big":1.5})", "failed: big: expected an integer"},
                    Case{R"({"big":1e-3})", "failed: big: expected an integer"},
                    Case{R"({"big":1e400})", "failed: big: expected an integer"},
                    Case{R"({"big":1e300})", "failed: big: is out of range"},
                    Case{R"({"big":9007199254740991.0})", "big: 9007199254740991"},
                    Case{R"({"big":9007199254740992.0})", "big: 9007199254740992"},
                    // As a double this is 2^53, one less.
                    Case{R"({"big":9007199254740993.0})", "big: 9007199254740993"},
                    Case{R"({"big":1e16})", "big: 10000000000000000"},
                    Case{R"({"big":9.223372036854775807e18})", "big: 9223372036854775807"},
                    Case{R"({"big":-922337203685477580800e-2})", "big: -9223372036854775808"},
                    Case{R"({"big":9223372036854775808.0})", "failed: big: is out of range"},
                    Case{R"({"big":0e5})", "big: 0"},
                    Case{R"({"big":12.50})", "failed: big: expected an integer"},
                    Case{R"({"number_id":"42"})", "number_id: 42"},
                    Case{R"({"number_id":42})", "number_id: 42"},
                    Case{R"({"narrow":4294967296})",
                         "narrow: 4294967296"},  // replies may exceed INT32
                    Case{R"({"big":true})", "failed: big: expected an integer"},
                    Case{R"({"big":[1]})", "failed: big: expected an integer"},
                    Case{R"({"big":01})", "big: 1"}, Case{R"({"big":+1})", "big: 1"},
                    Case{R"({"big":1x})", "failed: big: expected an integer"}));

INSTANTIATE_TEST_SUITE_P(
    Doubles, Received,
    testing::Values(Case{R"({"real":0.1})", "real: 0.1"}, Case{R"({"real":-0.0})", "real: -0.0"},
                    Case{R"({"real":5e-324})", "real: 5e-324"},
                    Case{R"({"real":1.7976931348623157e308})", "real: 1.7976931348623157e308"},
                    Case{R"({"real":12345678901234567890})", "real: 12345678901234567890"},
                    Case{R"({"real":1e400})", "failed: real: expected a number"},
                    Case{R"({"real":"1"})", "failed: real: expected a number"},
                    Case{R"({"real":NaN})", "failed: real: expected a number"},
                    Case{R"({"real":Infinity})", "failed: real: expected a number"},
                    Case{R"({"real":.5})", "failed: real: expected a number"},
                    Case{R"({"real":1.})", "failed: real: expected a number"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Received,
    testing::Values(Case{R"({"text":"\"\\\/\b\f\n\r\t\u0001"})", R"(text: "\"\\/\b\f\n\r\t\001")"},
                    Case{R"({"text":"\u0000"})", "text: '\\000'"},
                    Case{R"({"text":"\ud83c\udf4b"})", "text: '\xf0\x9f\x8d\x8b'"},
                    Case{"{\"text\":\"\xf0\x9f\x8d\x8b\"}", "text: '\xf0\x9f\x8d\x8b'"},
                    Case{R"({"te\u0078t":"escaped key"})", "text: 'escaped key'"},
                    Case{R"({"text":5})", "failed: text: expected a string"},
                    Case{R"({"text":true})", "failed: text: expected a string"},
                    Case{R"({"text":{}})", "failed: text: expected a string"},
                    Case{R"({"text":"\x"})", R"(text: "\\x")"},
                    Case{R"({"flag":"true"})", "failed: flag: expected true or false"},
                    Case{R"({"flag":1})", "failed: flag: expected true or false"},
                    Case{R"({"flag":truex})", "failed: flag: expected true or false"},
                    Case{R"({"duration":"anything"})", "duration: 'anything'"}));

INSTANTIATE_TEST_SUITE_P(
    Ids, Received,
    testing::Values(
        Case{R"({"id":"411486491630370816"})", "id: '411486491630370816'"},
        Case{R"({"id":411486491630370816})", "id: '411486491630370816'"},
        Case{R"({"id":411486491630370816 })", "id: '411486491630370816'"},
        Case{R"({"id":0})", "id: '0'"},
        Case{R"({"steam_id":18446744073709551615})", "steam_id: '18446744073709551615'"},
        Case{R"({"ids":[1,"2"],"id_map":{"k":3}})",
             "ids: ['1', '2'] id_map { key: 'k' value: '3' }"},
        Case{R"({"id":"abc"})", "id: 'abc'"}, Case{R"({"id":-1})", "failed: id: expected a string"},
        Case{R"({"id":1.0})", "id: '1'"}, Case{R"({"id":1e3})", "id: '1000'"},
        Case{R"({"id":1.5})", "failed: id: expected a string"},
        Case{R"({"id":1e-3})", "failed: id: expected a string"},
        Case{R"({"id":1e99})", "failed: id: expected a string"}, Case{R"({"id":007})", "id: '007'"},
        Case{R"({"id":18446744073709551616})", "id: '18446744073709551616'"},
        Case{R"({"id":true})", "failed: id: expected a string"},
        Case{R"({"id":{}})", "failed: id: expected a string"}));

INSTANTIATE_TEST_SUITE_P(
    Times, Received,
    testing::Values(
        Case{R"({"time":"2024-02-29T12:34:56.123456789+02:00"})",
             "time { seconds: 1709202896 nanos: 123456789 }"},
        Case{R"({"time":"1969-12-31T23:59:59.5Z"})", "time { seconds: -1 nanos: 500000000 }"},
        Case{R"({"time":"0001-01-01T00:00:00Z"})", "time { seconds: -62135596800 }"},
        Case{R"({"time":"2024-02-30T00:00:00Z"})", "failed: time: expected an RFC 3339 time"},
        Case{R"({"time":""})", "failed: time: expected an RFC 3339 time"},
        Case{R"({"time":1709202896})", "failed: time: expected a string"}));

INSTANTIATE_TEST_SUITE_P(
    Lists, Received,
    testing::Values(
        Case{R"({"texts":[],"smalls":[],"nesteds":[]})", ""},
        Case{R"({"texts":["a",""],"smalls":[1,-1],"bigs":[9223372036854775807],"reals":[0.5],
                 "flags":[true,false],"flavors":["lemon","OnIce"],"times":["1970-01-01T00:00:01Z"],
                 "nesteds":[{"small":1},{}],"objects":[{}],"anys":[1,"x"],"lists":[[]],
                 "loose":[7]})",
             "texts: ['a', ''] smalls: [1, -1] bigs: 9223372036854775807 reals: 0.5 "
             "flags: [true, false] flavors: [FLAVOR_LEMON, FLAVOR_ON_ICE] times { seconds: 1 } "
             "nesteds { small: 1 } nesteds {} objects {} anys { number_value: 1 } "
             "anys { string_value: 'x' } lists {} loose: 7"},
        Case{R"({"texts":{}})", "failed: texts: expected an array"},
        Case{R"({"smalls":1})", "failed: smalls: expected an array"},
        Case{R"({"texts":["a",5]})", "failed: texts[1]: expected a string"},
        Case{R"({"smalls":[1,2147483648]})", "failed: smalls[1]: is out of range"},
        Case{R"({"nesteds":[{},{"nesteds":[{"small":"x"}]}]})",
             "failed: nesteds[1].nesteds[0].small: expected an integer"},
        Case{R"({"smalls":[1,]})", "failed: smalls[1]: expected an integer"},
        Case{R"({"smalls":[1 2]})", "failed: smalls[1]: is not valid JSON"}));

INSTANTIATE_TEST_SUITE_P(
    Maps, Received,
    testing::Values(
        Case{R"({"text_map":{},"nested_map":{}})", ""},
        Case{R"({"text_map":{"":"v"},"small_map":{"a":-1},"big_map":{"b":0},"real_map":{"r":1.5},
                 "flag_map":{"f":false},"flavor_map":{"l":"sour"},
                 "time_map":{"t":"1970-01-01T00:00:01Z"},"nested_map":{"n":{"flag":false}},
                 "object_map":{"o":{}},"any_map":{"y":[]},"list_map":{"\"":[1]}})",
             "text_map { key: '' value: 'v' } small_map { key: 'a' value: -1 } "
             "big_map { key: 'b' value: 0 } real_map { key: 'r' value: 1.5 } "
             "flag_map { key: 'f' value: false } flavor_map { key: 'l' value: FLAVOR_SOUR } "
             "time_map { key: 't' value { seconds: 1 } } "
             "nested_map { key: 'n' value { flag: false } } object_map { key: 'o' value {} } "
             "any_map { key: 'y' value { list_value {} } } "
             "list_map { key: '\"' value { values { number_value: 1 } } }"},
        Case{R"({"text_map":[]})", "failed: text_map: expected an object"},
        Case{R"({"small_map":{"a\n":"x"}})", R"(failed: small_map["a\n"]: expected an integer)"},
        Case{R"({"nested_map":{"k":{"small":true}}})",
             R"(failed: nested_map["k"].small: expected an integer)"}));

INSTANTIATE_TEST_SUITE_P(
    FreeForm, Received,
    testing::Values(
        Case{R"({"any":true})", "any { bool_value: true }"},
        Case{R"({"any":1.5})", "any { number_value: 1.5 }"},
        Case{R"({"any":"x"})", "any { string_value: 'x' }"},
        Case{R"({"any":{"a":[{"b":null}]}})",
             "any { struct_value { fields { key: 'a' value { list_value { values { struct_value { "
             "fields { key: 'b' value { null_value: NULL_VALUE } } } } } } } } }"},
        Case{R"({"object":{"":"x"}})", "object { fields { key: '' value { string_value: 'x' } } }"},
        Case{R"({"list":[[],{}]})", "list { values { list_value {} } values { struct_value {} } }"},
        Case{R"({"object":[]})", "failed: object: expected an object"},
        Case{R"({"list":{}})", "failed: list: expected an array"},
        Case{R"({"any":1e400})", "any { string_value: '1e400' }"},
        Case{R"({"any":[-1e999]})", "any { list_value { values { string_value: '-1e999' } } }"},
        Case{R"({"any":tru})", "failed: any: is not valid JSON"}));

INSTANTIATE_TEST_SUITE_P(
    Twice, Received,
    testing::Values(
        Case{R"({"small":1,"small":1})", "failed: small: is there twice"},
        Case{R"({"small":null,"small":1})", "failed: small: is there twice"},
        Case{R"({"small":1,"sm\u0061ll":2})", "failed: small: is there twice"},
        Case{R"({"texts":["a"],"texts":["b"]})", "failed: texts: is there twice"},
        Case{R"({"nesteds":[{},{"nested":{"big":1,"big":2}}]})",
             "failed: nesteds[1].nested.big: is there twice"},
        Case{R"({"text_map":{"k":"a","k":"b"}})", R"(failed: text_map["k"]: is there twice)"},
        Case{R"({"big_map":{"k":null,"k":5}})", R"(failed: big_map["k"]: is there twice)"},
        Case{R"({"nested_map":{"k":{},"l":{},"\u006b":{}}})",
             R"(failed: nested_map["k"]: is there twice)"},
        // JSON of any form: the first of two equal keys counts.
        Case{R"({"object":{"k":1,"k":{"l":2}}})",
             "object { fields { key: 'k' value { number_value: 1 } } }"},
        Case{R"({"any":[{"k":"x","k":1}]})",
             "any { list_value { values { struct_value { fields { key: 'k' "
             "value { string_value: 'x' } } } } } }"}));

INSTANTIATE_TEST_SUITE_P(
    Forms, Received,
    testing::Values(Case{"[]", "failed: expected an object"},
                    Case{"5", "failed: expected an object or an array: 5"},
                    Case{"null", "failed: expected an object or an array: null"},
                    Case{R"("x")", "failed: expected an object or an array"},
                    Case{"x", "failed: expected an object or an array: x"},
                    Case{"{\"text\":\"a\xff\"}", "text: 'a\xef\xbf\xbd'"},
                    Case{"{\"text\":\"a\nb\"}", "text: 'a b'"},
                    Case{"\xef\xbb\xbf{\"small\":1}", "small: 1"}, Case{"\xef\xbb\xbf\n{}", ""},
                    Case{"{\xff\"text\":\"a\"}", "failed: it is not valid JSON"},
                    Case{"{} {}", "failed: it goes on after its end"},
                    Case{"{}}", "failed: it goes on after its end"},
                    Case{R"({"small":1}x})", "failed: it goes on after its end"},
                    Case{R"({"small" 1})", "failed: the whole: is not valid JSON"},
                    Case{R"({"small":1 "big":2})", "failed: the whole: is not valid JSON"},
                    Case{R"({small:1})", "failed: the whole: is not valid JSON"},
                    Case{R"({"nested":[]})", "failed: nested: expected an object"}));

// A caller's protobuf refuses a string that is not UTF-8, so half a surrogate pair is replaced.
TEST(ReceivedText, IsNeverHalfASurrogatePair) {
  for (const char* half : {R"(\ud83c)", R"(\udf4b)", R"(\ud83c\ud83c)", R"(\udf4b\ud83c)",
                           R"(\ud83cx)", R"(\ud83c\n)", R"(\ud83c\u0041)", "\xf0\x9f\x8d"}) {
    for (const std::string& body : {absl::StrCat(R"({"text":")", half, "\"}"),
                                    absl::StrCat(R"({"text_map":{")", half, R"(":""}})"),
                                    absl::StrCat(R"({"any":")", half, "\"}"),
                                    absl::StrCat(R"({"object":{")", half, R"(":1}})"),
                                    absl::StrCat(R"({"texts":["a",")", half, "\"]}")}) {
      const std::string text = ReadText("GetMix", body);
      EXPECT_THAT(text, HasSubstr(R"(\357\277\275)")) << body;  // U+FFFD
    }
  }
}

TEST(ReceivedErrors, HoldNoValue) {
  const std::string secret = "4111111111111111";
  for (const char* field : {"small", "big", "real", "flag", "time", "nested", "object", "list",
                            "texts", "smalls", "text_map", "flavors"}) {
    const std::string text =
        ReadText("GetMix", absl::StrCat("{\"", field, "\":\"", secret, "x\"}"));
    EXPECT_THAT(text, StartsWith(absl::StrCat(kFailed, field, ": ")));
    EXPECT_THAT(text, testing::Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace gateway::mapping
