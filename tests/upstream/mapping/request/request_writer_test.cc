#include "upstream/mapping/request/request_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::RouteOf;
using shop::VarintField;
using shop::Violated;
using shop::Write;
using shop::WriteText;
using shop::Written;
using testing::HasSubstr;
using testing::Not;

std::string Url(const Written& written) {
  const auto* sent = std::get_if<RestRequest>(&written);
  return sent != nullptr ? sent->http.url : absl::StrCat("refused: ", Violated(written));
}

TEST(RequestLine, IsVerbPathAndBody) {
  struct {
    const char* method;
    const char* text;
    http::Method verb;
    const char* url;
    const char* body;  // null: no body
  } const cases[] = {
      {"GetGlass", "stand_id: '1' glass_id: 'g'", http::Method::kGet,
       "https://shop.test/v1/stands/1/glasses/g", nullptr},
      {"RefundGlass", "stand_id: '1' glass_id: 'g'", http::Method::kPost,
       "https://shop.test/v1/stands/1/glasses/g/refund", nullptr},
      {"DeleteGlass", "stand_id: '1' glass_id: 'g'", http::Method::kDelete,
       "https://shop.test/v1/stands/1/glasses/g", nullptr},
      {"UpdateGlass", "stand_id: '1' glass_id: 'g' body {}", http::Method::kPatch,
       "https://shop.test/v1/stands/1/glasses/g", "{}"},
      {"SetPrices", "stand_id: '1' prices { key: 'a' value: 5 }", http::Method::kPut,
       "https://shop.test/v1/stands/1/prices", R"({"a":5})"},
      {"SetPrices", "stand_id: '1'", http::Method::kPut, "https://shop.test/v1/stands/1/prices",
       "{}"},
      {"RestockGlasses", "stand_id: '1' items { length: 5 } items { length: 0 color: '' }",
       http::Method::kPut, "https://shop.test/v1/stands/1/glasses",
       R"([{"length":5},{"length":0,"color":""}])"},
      // An optional body that is unset.
      {"Mix", "stand_id: '1' reasons: 'r'", http::Method::kPost,
       "https://shop.test/v1/stands/1/mix?reasons=r", nullptr},
  };
  for (const auto& c : cases) {
    const Written written = WriteText(c.method, c.text);
    ASSERT_TRUE(std::holds_alternative<RestRequest>(written)) << c.method << Violated(written);
    const http::Request& request = std::get<RestRequest>(written).http;
    EXPECT_EQ(request.method, c.verb);
    EXPECT_EQ(request.url, c.url);
    EXPECT_EQ(request.has_body, c.body != nullptr);
    EXPECT_EQ(request.body, c.body == nullptr ? "" : c.body);
  }
}

TEST(RequestPath, EncodesWhateverStandsInIt) {
  struct {
    const char* value;
    const char* segment;
  } const cases[] = {
      {"a/b", "a%2Fb"},      {"%2F", "%252F"}, {"%2e%2e", "%252e%252e"},
      {"../x", "..%2Fx"},    {"...", "..."},   {"a?b#c", "a%3Fb%23c"},
      {"\\\"\\'", "%22%27"}, {"\\\\", "%5C"},  {"\\r\\n", "%0D%0A"},
      {"\\000", "%00"},      {" +", "%20%2B"}, {"\xf0\x9f\x8d\x8b", "%F0%9F%8D%8B"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Url(WriteText("GetGlass", absl::StrCat("stand_id: '1' glass_id: '", c.value, "'"))),
              absl::StrCat("https://shop.test/v1/stands/1/glasses/", c.segment));
  }
}

TEST(RequestPath, RefusesWhatWouldBeAnotherPath) {
  for (const char* value : {"", ".", ".."}) {
    EXPECT_EQ(Url(WriteText("GetGlass", absl::StrCat("stand_id: '1' glass_id: '", value, "'"))),
              "refused: glass_id: must not be empty, `.` or `..`");
  }
  EXPECT_EQ(Url(WriteText("GetGlass", "stand_id: '1'")), "refused: glass_id: is required");
  EXPECT_EQ(Url(WriteText("GetGlass", "stand_id: 'x' glass_id: 'g'")),
            "refused: stand_id: must be a 64-bit id in decimal digits");
  EXPECT_EQ(Url(Write("GetGlass", BytesField(1, "1") + BytesField(2, "\xff"))),
            "refused: glass_id: must be valid UTF-8");
}

TEST(RequestPath, TakesIntegers) {
  EXPECT_EQ(Url(WriteText("FindGlasses", "stand_id: '1' shelf: -5")),
            "https://shop.test/v1/stands/1/shelves/-5/glasses");
  EXPECT_EQ(Url(WriteText("FindGlasses", "stand_id: '1' shelf: 0")),
            "https://shop.test/v1/stands/1/shelves/0/glasses");
}

std::string Query(absl::string_view fields) {
  const std::string url =
      Url(WriteText("FindGlasses", absl::StrCat("stand_id: '1' shelf: 0 ", fields)));
  return std::string(absl::StripPrefix(url, "https://shop.test/v1/stands/1/shelves/0/glasses"));
}

TEST(RequestQuery, WritesWhatIsSet) {
  EXPECT_EQ(Query(""), "");
  EXPECT_EQ(Query("asc: false"), "?asc=false");
  EXPECT_EQ(Query("limit: 1 asc: true sweetness: 0.5"), "?limit=1&asc=true&sweetness=0.5");
  EXPECT_EQ(Query("sweetness: 100000"), "?sweetness=100000");
  EXPECT_EQ(Query("sweetness: 1e22"), "?sweetness=1e%2B22");
  EXPECT_EQ(Query("q: ''"), "?q=");
  EXPECT_EQ(Query("q: 'a=b&c#d'"), "?q=a%3Db%26c%23d");
  EXPECT_EQ(Query("made_since { seconds: -1 }"), "?madeSince=1969-12-31T23%3A59%3A59Z");
  EXPECT_EQ(Query("after: '7'"), "?after=7");
}

TEST(RequestQuery, RepeatsTheKeyOfAnArray) {
  EXPECT_EQ(Query("flavors: [FLAVOR_LEMON, FLAVOR_ON_ICE]"), "?flavor=lemon&flavor=OnIce");
  EXPECT_EQ(Query("tags: 'a' tags: '' tags: 'b'"), "?tag%5B%5D=a&tag%5B%5D=&tag%5B%5D=b");
  EXPECT_EQ(Query("prices: [-1, 0]"), "?prices=-1&prices=0");
}

TEST(RequestQuery, ChecksEveryValue) {
  EXPECT_EQ(Query("limit: 0 sweetness: nan flavors: [FLAVOR_LEMON, FLAVOR_UNSPECIFIED] "
                  "after: '-1' made_since { nanos: -1 }"),
            "refused: limit: is below the minimum of 1; sweetness: must be a finite number; "
            "flavors[1]: must be one of the enum's values, and not the unspecified one; "
            "made_since: must lie between the years 1 and 9999, nanos within a second; "
            "after: must be a 64-bit id in decimal digits");
  EXPECT_EQ(Query("limit: 101"), "refused: limit: is above the maximum of 100");
}

TEST(RequestQuery, CountsElements) {
  EXPECT_EQ(Query("flavors: [FLAVOR_LEMON, FLAVOR_LEMON, FLAVOR_LEMON, FLAVOR_LEMON]"),
            "refused: flavors: takes at most 3 elements");
  EXPECT_EQ(Url(WriteText("Mix", "stand_id: '1'")), "refused: reasons: is required");
}

// Returns the query for a valid FindGlasses followed by these bytes, which no serializer would
// write.
std::string QueryOfBytes(absl::string_view bytes) {
  const std::string head = shop::Wire("FindGlassesRequest", "stand_id: '1' shelf: 0");
  const std::string url = Url(Write("FindGlasses", absl::StrCat(head, bytes)));
  return std::string(absl::StripPrefix(url, "https://shop.test/v1/stands/1/shelves/0/glasses"));
}

TEST(RequestQuery, ReadsNonCanonicalBytesAsProtobufDoes) {
  EXPECT_EQ(QueryOfBytes(VarintField(3, 1) + VarintField(3, 2)), "?limit=2");
  EXPECT_EQ(QueryOfBytes(VarintField(10, 1) + VarintField(4, 1) + VarintField(10, 2)),
            "?asc=true&prices=1&prices=2");
  EXPECT_EQ(QueryOfBytes(VarintField(10, 1) + BytesField(10, "\x02\x03")),
            "?prices=1&prices=2&prices=3");
  EXPECT_EQ(QueryOfBytes(BytesField(10, "")), "");
  EXPECT_EQ(QueryOfBytes(VarintField(4, 1) + VarintField(3, 1)), "?limit=1&asc=true");
}

TEST(RequestQuery, RefusesAValueOfAnotherWireType) {
  for (const std::string& bytes :
       {BytesField(3, "\x01"), BytesField(4, "\x01"), BytesField(5, std::string(8, '\0')),
        VarintField(11, 1), BytesField(3, ""), VarintField(5, 1), VarintField(8, 1)}) {
    EXPECT_THAT(QueryOfBytes(bytes), testing::StartsWith("refused: "))
        << testing::PrintToString(bytes);
  }
}

TEST(RequestQuery, OfARequiredArrayIsNotSatisfiedByAnEmptyOne) {
  EXPECT_EQ(Url(Write("Mix", BytesField(1, "1") + BytesField(3, ""))),
            "https://shop.test/v1/stands/1/mix?reasons=");  // one element, the empty text
}

TEST(RequestTenant, IsTheFieldsOrTheDefault) {
  const auto tenant = [](absl::string_view text, absl::string_view by_default) {
    const Written written =
        WriteRequest(RouteOf("GetGlass"), shop::Wire("GlassRequest", text),
                     {.base_url = "https://shop.test", .default_tenant = by_default});
    const auto* sent = std::get_if<RestRequest>(&written);
    return sent != nullptr ? absl::StrCat(sent->tenant, " ", sent->http.url)
                           : absl::StrCat("refused: ", Violated(written));
  };
  EXPECT_EQ(tenant("stand_id: '1' glass_id: 'g'", ""), "1 https://shop.test/v1/stands/1/glasses/g");
  EXPECT_EQ(tenant("stand_id: '1' glass_id: 'g'", "2"),
            "1 https://shop.test/v1/stands/1/glasses/g");
  EXPECT_EQ(tenant("glass_id: 'g'", "2"), "2 https://shop.test/v1/stands/2/glasses/g");
  EXPECT_EQ(tenant("glass_id: 'g'", ""), "refused: stand_id: is required");
  // An invalid tenant is refused, not replaced by the default.
  EXPECT_EQ(tenant("stand_id: '' glass_id: 'g'", "2"),
            "refused: stand_id: must be a 64-bit id in decimal digits");
}

TEST(RequestFailure, IsInvalidArgumentAndNotSent) {
  const Written written = WriteText("GetGlass", "");
  const auto& failure = std::get<Failure>(written);
  EXPECT_EQ(failure.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(failure.outcome, Outcome::kNotSent);
  EXPECT_EQ(failure.reason, "INVALID_REQUEST");
  EXPECT_FALSE(failure.from_upstream);
  EXPECT_EQ(failure.http_status, 0);
  EXPECT_EQ(failure.message, "stand_id is required (and 1 more)");
  EXPECT_EQ(failure.violations.size(), 2u);
}

TEST(RequestFailure, ListsPathQueryAndBodyTogether) {
  EXPECT_EQ(Violated(Write(
                "Mix", BytesField(1, "x") + BytesField(2, VarintField(6, 0)) + VarintField(77, 1))),
            ": the request has a field number 77 that is not known here; "
            "stand_id: must be a 64-bit id in decimal digits; reasons: is required; "
            "body.flavor: must be one of the enum's values, and not the unspecified one");
}

TEST(RequestFailure, CountsElementsOfABareArrayOrMap) {
  EXPECT_EQ(Violated(WriteText("RestockGlasses", "stand_id: '1'")),
            "items: needs at least 1 element(s)");
  EXPECT_EQ(Violated(WriteText("RestockGlasses",
                               "stand_id: '1' items { length: 1 } items { length: 1 } "
                               "items { length: 1 } items {}")),
            "items[3].length: is required; items: takes at most 3 elements");
  EXPECT_EQ(Violated(WriteText("SetPrices",
                               "stand_id: '1' prices { key: 'a' } prices { key: 'b' } "
                               "prices { key: 'c' } prices { key: 'd' }")),
            "prices: takes at most 3 elements");
}

TEST(RequestFailure, NeverShowsAValue) {
  const std::string secret = "S3CRET";
  const Written written =
      WriteText("CreateGlass", absl::StrCat("stand_id: '", secret, "' body { id: '", secret,
                                            "' barista: '", secret, "' fresh_for: '", secret,
                                            "' price: 41111111 deposit: 41111111111111 }"));
  const auto& failure = std::get<Failure>(written);
  EXPECT_THAT(failure.message, Not(HasSubstr(secret)));
  EXPECT_GE(failure.violations.size(), 6u);
  for (const Violation& violation : failure.violations) {
    EXPECT_THAT(violation.field, Not(HasSubstr(secret)));
    EXPECT_THAT(violation.description, Not(HasSubstr(secret)));
    EXPECT_THAT(violation.description, Not(HasSubstr("4111")));
  }
}

constexpr char kEverything[] =
    "stand_id: '1' reasons: 'r' body { text: 'a\"' small: 1 big: -1 real: 0.5 flag: true "
    "flavor: FLAVOR_LEMON time { seconds: 5 nanos: 5 } nested { small: 1 } "
    "object { fields { key: 'k' value { list_value { values { bool_value: true } } } } } "
    "texts: 'x' smalls: [1, 300] reals: 0.5 nesteds { texts: 'y' } anys { number_value: 5 } "
    "text_map { key: 'k' value: 'v' } nested_map { key: 'k' value { big: 5 } } id: '7' }";

// A truncated request is sent only if it is a complete message that protobuf can parse too.
TEST(TruncatedRequest, IsNotSent) {
  const std::string whole = shop::Wire("MixRequest", kEverything);
  ASSERT_TRUE(std::holds_alternative<RestRequest>(Write("Mix", whole)));
  for (size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly this size, so that a sanitizer detects a read beyond its end.
    const std::string cut(whole.data(), size);
    EXPECT_TRUE(std::holds_alternative<Failure>(Write("Mix", cut))) << size;
  }
  // Now with the required query field first, so that everything cut off is optional.
  const std::string optional_tail =
      BytesField(1, "1") + BytesField(3, "r") + shop::Wire("MixRequest", kEverything).substr(3);
  for (size_t size = 0; size < optional_tail.size(); ++size) {
    const std::string cut(optional_tail.data(), size);
    const Written written = Write("Mix", cut);
    if (std::holds_alternative<RestRequest>(written)) {
      EXPECT_NE(shop::Text("MixRequest", cut), "unparsable") << size;
      EXPECT_THAT(std::get<RestRequest>(written).http.body, testing::AnyOf("", HasSubstr("id")))
          << size;
    }
  }
}

}  // namespace
}  // namespace gateway::mapping
