#include "upstream/mapping/reply/reply_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::Normal;
using shop::ReadJson;
using shop::ReadText;
using testing::StartsWith;

constexpr char kUnreadable[] = "failed: the upstream's reply cannot be read: ";

std::string Unreadable(absl::string_view problem) { return absl::StrCat(kUnreadable, problem); }

TEST(ReplyShapes, AnArrayFillsTheRepeatedField) {
  EXPECT_EQ(ReadText("FindGlasses", "[]"), "");
  EXPECT_EQ(ReadText("FindGlasses", R"([{"id":1},{}])"),
            Normal("GlassList", "items { id: '1' } items {}"));
  EXPECT_EQ(ReadText("FindGlasses", R"({"id":1})"), Unreadable("the whole: expected an array"));
  EXPECT_EQ(ReadText("FindGlasses", R"([{"id":1},{"price":"x"}])"),
            Unreadable("[1].price: expected an integer"));
  EXPECT_EQ(ReadText("FindGlasses", "null"), Unreadable("expected an object or an array: null"));
}

TEST(ReplyShapes, AnObjectFillsTheMap) {
  EXPECT_EQ(ReadText("GetStock", "{}"), "");
  EXPECT_EQ(ReadText("GetStock", R"({"a":1,"b":-2})"),
            Normal("Stock", "items { key: 'a' value: 1 } items { key: 'b' value: -2 }"));
  EXPECT_EQ(ReadText("GetStock", "[]"), Unreadable("the whole: expected an object"));
  EXPECT_EQ(ReadText("GetStock", R"({"a":"x"})"), Unreadable(R"(["a"]: expected an integer)"));
  EXPECT_EQ(ReadText("GetStock", R"({"a":1,"a":2})"), Unreadable(R"(["a"]: is there twice)"));
}

// The upstream's keys differ. They become equal only because the gateway replaces invalid
// characters.
TEST(ReplyShapes, KeysThatBecomeEqualByMendingAreNoFault) {
  for (const char* const body :
       {R"({"\ud83d":1,"\ud83e":2,"b":3})", "{\"\xff\":1,\"\xfe\":2,\"b\":3}",
        R"({"\ufffd":1,"\udc00":2,"b":3})"}) {
    EXPECT_EQ(ReadText("GetStock", body),
              Normal("Stock", "items { key: '\xef\xbf\xbd' value: 1 } items { key: 'b' value: 3 }"))
        << body;
  }
  const auto read = ReadJson("GetStock", R"({"\ud83d":1,"\ud83e":2,"\ud83f":3})");
  const auto& drift = std::get<Reply>(read).drift;
  ASSERT_EQ(drift.size(), 2u);
  EXPECT_EQ(drift[0].kind, Drift::Kind::kAlteredValue);
  EXPECT_EQ(drift[0].field->wire_name, "items");
  EXPECT_EQ(drift[0].count, 2u);
}

TEST(ReplyShapes, AnArrayOrAnObjectWhereBothAreDocumented) {
  EXPECT_EQ(ReadText("GetGlassOrGlasses", R"({"id":"1"})"),
            Normal("GlassList", "items { id: '1' }"));
  EXPECT_EQ(ReadText("GetGlassOrGlasses", R"([{"id":"1"},{"id":"2"}])"),
            Normal("GlassList", "items { id: '1' } items { id: '2' }"));
  EXPECT_EQ(ReadText("GetGlassOrGlasses", "[]"), "");
  EXPECT_EQ(ReadText("GetGlassOrGlasses", "{}"), Unreadable("nothing that is documented is in it"));
  EXPECT_EQ(ReadText("GetGlassOrGlasses", "5"), Unreadable("expected an object or an array: 5"));
  EXPECT_EQ(ReadText("GetGlassOrGlasses", "{}{}"), Unreadable("it goes on after its end"));
  EXPECT_EQ(ReadText("GetGlassOrGlasses", R"({"price":[]})"),
            Unreadable("price: expected an integer"));
}

TEST(ReplyShapes, AnyJsonForAValue) {
  struct {
    const char* body;
    const char* text;
  } const cases[] = {
      {"5", "result { number_value: 5 }"},
      {" -1.5e3 ", "result { number_value: -1500 }"},
      {"true", "result { bool_value: true }"},
      {"null", "result { null_value: NULL_VALUE }"},
      {R"("a\nb")", R"(result { string_value: "a\nb" })"},
      {"{}", "result { struct_value {} }"},
      {"[]", "result { list_value {} }"},
      {R"([1,{"a":[]}])",
       "result { list_value { values { number_value: 1 } values { struct_value { fields { key: 'a' "
       "value { list_value {} } } } } } }"},
      {"", ""},  // the field stays unset
      {" ", ""},
      {"\n", ""},
      {"\xef\xbb\xbf", ""},
      {"\xef\xbb\xbf 5", "result { number_value: 5 }"},
      {"1e400", "result { string_value: '1e400' }"},
      {R"("\ud800")", "result { string_value: '\xef\xbf\xbd' }"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadText("GetReport", c.body), Normal("Report", c.text)) << c.body;
  }
  for (const char* body :
       {"5 6",     "5,6", "1],[2", "5]",  "[5",   "\"a\"]", "\"a\" x", "nul",    "nulll",
        "truex",   "01",  "-",     "NaN", "\"",   "{}5",    "[]]",     "[1]2",   "]",
        "1e400 5", "}",   "1}",    "1]x", "5\n6", "1, ",    ",1",      "\"a\":1"}) {
    EXPECT_THAT(ReadText("GetReport", body), StartsWith(kUnreadable)) << body;
  }
}

TEST(ReplyShapes, AListOfValuesIsNotAValue) {
  EXPECT_EQ(ReadText("GetReports", "[1,null]"),
            Normal("Reports", "items { number_value: 1 } items { null_value: NULL_VALUE }"));
  EXPECT_EQ(ReadText("GetReports", "5"), Unreadable("expected an object or an array: 5"));
  EXPECT_EQ(ReadText("GetReports", ""), Unreadable("it has no body"));
}

TEST(EmptyReply, IsReadByTheDeclaredShape) {
  EXPECT_EQ(ReadText("GetGlass", ""), Unreadable("it has no body"));
  EXPECT_EQ(ReadText("FindGlasses", ""), Unreadable("it has no body"));
  EXPECT_EQ(ReadText("GetGlass", " "), Unreadable("it has no body"));
  for (const char* body : {"", "not looked at"}) {
    for (const char* method : {"GetGlass", "FindGlasses", "GetStock", "RefundGlass"}) {
      EXPECT_EQ(ReadText(method, body, 204), Unreadable("it has no body")) << method;
    }
    for (const char* method : {"GetReport", "DeleteGlass"}) {
      EXPECT_EQ(ReadText(method, body, 204), "") << method;
    }
  }
  // An empty reply is declared, so most content does not matter.
  for (const char* body : {"", "{}", "not JSON", "\xff", "[]", R"({"id":"1"})"}) {
    for (const int status : {200, 201, 202, 204})
      EXPECT_EQ(ReadText("DeleteGlass", body, status), "");
  }
}

TEST(ReplyStatus, Any2xxIsASuccess) {
  for (int status = 200; status <= 299; ++status) {
    if (status == 204) continue;
    EXPECT_TRUE(std::holds_alternative<Reply>(ReadJson("GetGlass", R"({"id":"1"})", status)))
        << status;
  }
  for (const int status : {0, 100, 199, 300, 304, 400, 404, 500, 599, 600}) {
    const auto read = ReadJson("GetGlass", "{}", status);
    ASSERT_TRUE(std::holds_alternative<Failure>(read)) << status;
    EXPECT_EQ(std::get<Failure>(read).http_status, status);
  }
}

TEST(UnreadableReply, OfAReadIsInternalAndOfAWriteUnknown) {
  const auto of_read = ReadJson("GetGlass", R"({"price":"x"})");
  EXPECT_EQ(std::get<Failure>(of_read).code, absl::StatusCode::kInternal);
  const auto of_write = ReadJson("RefundGlass", R"({"price":"x"})", 201);
  EXPECT_EQ(std::get<Failure>(of_write).code, absl::StatusCode::kUnknown);
  for (const auto* read : {&of_read, &of_write}) {
    const auto& failure = std::get<Failure>(*read);
    EXPECT_EQ(failure.outcome, Outcome::kUnknown);
    EXPECT_EQ(failure.reason, "UPSTREAM_REPLY_UNREADABLE");
    EXPECT_EQ(failure.message, "the upstream's reply cannot be read: price: expected an integer");
  }
  EXPECT_EQ(std::get<Failure>(of_write).http_status, 201);
}

constexpr char kMix[] =
    R"({"text":"a\"\ud83c\udf4b","small":1,"big":"2","real":0.5,"flag":true,"flavor":"lemon",)"
    R"("time":"2024-01-01T00:00:00Z","nested":{"small":1},"object":{"k":[1,{}]},"any":null,)"
    R"("unknown":{"a":[1,{"b":"}"}]},"texts":["x"],"smalls":[1,300],"anys":[true],)"
    R"("nesteds":[{},{"list":[[]]}],"text_map":{"k":"v"},"nested_map":{"k":{"big":5}},"id":7})";

TEST(TruncatedReply, IsNeverTakenForAWholeOne) {
  const std::string bodies[] = {kMix, R"([{"id":"1"},{"x":[{}]}])", R"({"a":1,"b":2})",
                                R"([1,{"a":[]}])", R"("text")"};
  const char* const methods[] = {"GetMix", "FindGlasses", "GetStock", "GetReport", "GetReport"};
  for (size_t i = 0; i < std::size(bodies); ++i) {
    ASSERT_FALSE(absl::StartsWith(ReadText(methods[i], bodies[i]), "failed")) << bodies[i];
    for (size_t size = 1; size < bodies[i].size(); ++size) {
      const std::string cut = bodies[i].substr(0, size);
      EXPECT_THAT(ReadText(methods[i], cut), StartsWith(kUnreadable)) << cut;
    }
  }
}

TEST(ReplyAfterItsEnd, IsRefused) {
  for (const char* tail : {"{}", "[]", "x", "}", "]", ",", "1", "\"\"", "null", "\n\n{", "/**/"}) {
    EXPECT_THAT(ReadText("GetMix", absl::StrCat(kMix, tail)), StartsWith(kUnreadable)) << tail;
    EXPECT_THAT(ReadText("FindGlasses", absl::StrCat("[]", tail)), StartsWith(kUnreadable)) << tail;
    EXPECT_THAT(ReadText("GetStock", absl::StrCat("{}", tail)), StartsWith(kUnreadable)) << tail;
    EXPECT_THAT(ReadText("GetReport", absl::StrCat("[]", tail)), StartsWith(kUnreadable)) << tail;
    EXPECT_THAT(ReadText("GetReport", absl::StrCat("5 ", tail)), StartsWith(kUnreadable)) << tail;
  }
  EXPECT_NE(ReadText("GetMix", absl::StrCat(kMix, " \r\n\t")).find("small: 1"), std::string::npos);
}

// Bytes in the padding behind the body must not matter.
TEST(ReplyPadding, IsNotRead) {
  for (const absl::string_view body : {"{\"small\":1", "{\"small\":12", "[", "{}", "\"a"}) {
    for (const absl::string_view behind : {"}", "5}", "\"}", "]", ",\"big\":1}"}) {
      http::Response response = shop::ResponseOf(200, absl::StrCat(body, behind));
      response.body.reserve(response.body.size() + http::kBodyPadding);
      response.body.resize(body.size());
      const auto read = ReadReply(shop::RouteOf("GetMix"), response);
      EXPECT_EQ(std::holds_alternative<Reply>(read), body == "{}") << body << behind;
    }
  }
}

// A thread uses one parser for all its replies: no reply may see data of an earlier one.
TEST(ReplyParser, IsUsedAgainForLargeAndSmallReplies) {
  std::string large = "[";
  for (int i = 0; i < 200000; ++i)
    absl::StrAppend(&large, "{\"id\":\"", i, "\",\"tags\":[\"a\"]},");
  large += "{}]";
  ASSERT_GT(large.size(), 4u * 1024 * 1024);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(std::holds_alternative<Reply>(ReadJson("FindGlasses", large)));
    EXPECT_EQ(ReadText("FindGlasses", R"([{"id":"1"}])"), Normal("GlassList", "items { id: '1' }"));
    EXPECT_THAT(ReadText("FindGlasses", R"([{"id":"1")"), StartsWith(kUnreadable));
    EXPECT_EQ(ReadText("GetReport", "5"), Normal("Report", "result { number_value: 5 }"));
  }
}

}  // namespace
}  // namespace gateway::mapping
