// Rules for requests: required fields, bounds, numbers of elements.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using shop::Violated;
using shop::WriteText;
using testing::HasSubstr;

constexpr char kNotOfTheEnum[] = "must be one of the enum's values, and not the unspecified one";
constexpr char kGoodGlass[] = "id: '7' name: '' price: 0 tags: 't' labels { key: 'a' value: 'b' }";

std::string CreateBody(absl::string_view glass) {
  const auto written = WriteText("CreateGlass", absl::StrCat("stand_id: '1' body { ", glass, " }"));
  if (const auto* sent = std::get_if<RestRequest>(&written)) return sent->http.body;
  return absl::StrCat("refused: ", Violated(written));
}

TEST(SentRules, PassAGoodBody) {
  EXPECT_EQ(CreateBody(kGoodGlass),
            R"({"id":"7","name":"","price":0,"tags":["t"],"labels":{"a":"b"}})");
}

TEST(SentRules, SendARequiredListOrMapAlsoWhenEmpty) {
  EXPECT_EQ(CreateBody("id: '7' name: 'n' price: 0"),
            R"({"id":"7","name":"n","price":0,"tags":[],"labels":{}})");
}

TEST(SentRules, TellEverythingThatIsWrongAtOnce) {
  EXPECT_EQ(
      CreateBody("price: -1 deposit: 2147483648 barista: 'x' fresh_for: 'y' "
                 "tags: ['a', 'b', 'c'] straws { color: 'red' } straws { length: 1 } "
                 "straws {} flavor: FLAVOR_UNSPECIFIED"),
      absl::StrCat("refused: body.id: is required; body.name: is required; "
                   "body.price: is below the minimum of 0; body.deposit: must fit in 32 bits; "
                   "body.barista: must be a 64-bit Steam id in decimal digits; "
                   "body.fresh_for: must be an ISO 8601 duration, such as P1M or PT12H; "
                   "body.tags: takes at most 2 elements; "
                   "body.straws[0].length: is required; body.straws[2].length: is required; "
                   "body.straws: takes at most 2 elements; body.flavor: ",
                   kNotOfTheEnum));
}

TEST(SentRules, BoundsAreInclusive) {
  const auto of_price = [](int64_t price) {
    return CreateBody(absl::StrCat("id: '7' name: 'n' price: ", price));
  };
  EXPECT_THAT(of_price(0), HasSubstr("\"price\":0,"));
  EXPECT_THAT(of_price(1000000), HasSubstr("\"price\":1000000,"));
  EXPECT_EQ(of_price(-1), "refused: body.price: is below the minimum of 0");
  EXPECT_EQ(of_price(1000001), "refused: body.price: is above the maximum of 1000000");
  EXPECT_EQ(of_price(std::numeric_limits<int64_t>::min()),
            "refused: body.price: is below the minimum of 0");
}

TEST(SentRules, AnOptionalListThatIsNotSetHasNoMinimum) {
  EXPECT_THAT(CreateBody(kGoodGlass), testing::Not(HasSubstr("straws")));
}

TEST(SentRules, TellNoMoreThanALimit) {
  std::string glass = kGoodGlass;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&glass, " straws {}");
  const auto written = WriteText("CreateGlass", absl::StrCat("stand_id: '1' body { ", glass, " }"));
  EXPECT_EQ(std::get<Failure>(written).violations.size(), Violations::kLimit);
}

}  // namespace
}  // namespace gateway::mapping
