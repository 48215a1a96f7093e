#include "upstream/mapping/request/free_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::MixBody;
using shop::MixBodyOfBytes;
using shop::VarintField;

struct Case {
  const char* message;  // an Everything in text format
  const char* json;     // exact text
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.message; }

class SentFreeJson : public testing::TestWithParam<Case> {};

TEST_P(SentFreeJson, IsWrittenAs) { EXPECT_EQ(MixBody(GetParam().message), GetParam().json); }

INSTANTIATE_TEST_SUITE_P(
    Forms, SentFreeJson,
    testing::Values(
        Case{"any { null_value: NULL_VALUE }", R"({"any":null})"},
        Case{"any { number_value: 1.5 }", R"({"any":1.5})"},
        Case{"any { string_value: '\\n' }", R"({"any":"\n"})"},
        Case{"any { bool_value: true }", R"({"any":true})"},
        Case{"any { bool_value: false }", R"({"any":false})"},
        Case{"any { struct_value {} }", R"({"any":{}})"},
        Case{"any { list_value { values { list_value {} } values { null_value: NULL_VALUE } } }",
             R"({"any":[[],null]})"},
        Case{"object { fields { key: '' value { struct_value { fields { key: 'a\"' value { "
             "bool_value: true } } } } } }",
             R"({"object":{"":{"a\"":true}}})"},
        Case{"any {}", "refused: body.any: has no value: use null_value for null"},
        Case{"list { values {} }", "refused: body.list[0]: has no value: use null_value for null"},
        Case{"any { number_value: nan }", "refused: body.any: must be a finite number"},
        Case{"objects { fields { key: 'a' value { number_value: inf } } }",
             "refused: body.objects[0][\"a\"]: must be a finite number"},
        Case{"object { fields { key: 'k' } }",
             "refused: body.object[\"k\"]: has no value: use null_value for null"},
        // Each violation names its place.
        Case{"object { fields { key: 'k' value { list_value { values {} values { number_value: nan "
             "} } } } } any {}",
             "refused: body.object[\"k\"][0]: has no value: use null_value for null; "
             "body.object[\"k\"][1]: must be a finite number; "
             "body.any: has no value: use null_value for null"}));

std::string NestedValue(int depth) {
  std::string value = VarintField(4, 1);
  for (int i = 0; i < depth; ++i) {
    value = BytesField(5, BytesField(1, BytesField(1, "k") + BytesField(2, value)));
  }
  return value;
}

TEST(SentFreeForm, IsNotDeeperThanAReplyCouldBringBack) {
  const std::string deep = MixBodyOfBytes(BytesField(10, NestedValue(kMaxFreeJsonDepth)));
  ASSERT_TRUE(nlohmann::json::accept(deep));
  EXPECT_NE(shop::ReadText("GetMix", deep), "unparsable");
  std::string list;
  for (int i = 0; i < 5000; ++i) list = BytesField(6, BytesField(1, list));
  for (const std::string& value : {NestedValue(kMaxFreeJsonDepth + 1), NestedValue(5000), list}) {
    EXPECT_THAT(MixBodyOfBytes(BytesField(10, value)),
                testing::AllOf(testing::StartsWith("refused: body.any["),
                               testing::EndsWith("]: is nested too deeply")));
  }
}

}  // namespace
}  // namespace gateway::mapping
