#include "upstream/mapping/json_mend.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace gateway::mapping {
namespace {

TEST(MendedJson, IsNothingForGoodJson) {
  for (const char* const text : {"", "{}", "null", "1e308", "-1e-400", "[true,false,null]",
                                 R"("\ud83c\udf4b\u0041\"\\\/\b\f\n\r\t")", "\"\xf0\x9f\x8d\x8b\"",
                                 R"({"a":[1,2.5,{"b":"c"}]})"}) {
    EXPECT_EQ(MendJson(text), std::nullopt) << text;
  }
}

TEST(MendedJson, ChangesWhatStandsWithinAValue) {
  struct {
    const char* text;
    const char* mended;
    const char* what;
  } const cases[] = {
      {R"(["\ud83d"])", R"(["\ufffd"])", "half of a surrogate pair"},
      {R"(["\udc00x"])", R"(["\ufffdx"])", "half of a surrogate pair"},
      {R"(["\ud83d\ud83d\udc00"])", R"(["\ufffd\ud83d\udc00"])", "half of a surrogate pair"},
      {R"({"\ud83d":1})", R"({"\ufffd":1})", "half of a surrogate pair"},
      {"[\"a\xff\"]", "[\"a\xef\xbf\xbd\"]", "a byte that is not UTF-8"},
      {"[\"\xf0\x9f\"]", "[\"\xef\xbf\xbd\xef\xbf\xbd\"]", "a byte that is not UTF-8"},
      {"[\"\xed\xa0\x80\"]", "[\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]",
       "a byte that is not UTF-8"},
      {"[\"a\nb\"]", "[\"a b\"]", "a control character"},
      {R"(["\x"])", R"(["\\x"])", "an escape that JSON does not have"},
      {R"(["\u12"])", R"(["\\u12"])", "an escape that JSON does not have"},
      {R"(["\u12g4"])", R"(["\\u12g4"])", "an escape that JSON does not have"},
      {"[1e400,2]", R"(["1e400",2])", "a number beyond the range of a double"},
      {"-1e400", R"("-1e400")", "a number beyond the range of a double"},
      {"[NaN,1]", R"(["NaN",1])", "a number that JSON does not have"},
      {"{\"a\":-Infinity}", R"({"a":"-Infinity"})", "a number that JSON does not have"},
      {"[Infinity ]", R"(["Infinity" ])", "a number that JSON does not have"},
      {"[01,-,+1,.5,1.,1e,--1,1.2.3]", R"(["01","-","+1",".5","1.","1e","--1","1.2.3"])",
       "a number that JSON does not have"},
  };
  for (const auto& c : cases) {
    const std::optional<MendedJson> mended = MendJson(c.text);
    ASSERT_TRUE(mended.has_value()) << c.text;
    EXPECT_EQ(mended->text, c.mended);
    EXPECT_EQ(mended->what, c.what) << c.text;
    EXPECT_TRUE(nlohmann::json::accept(mended->text)) << mended->text;
    EXPECT_EQ(MendJson(mended->text), std::nullopt) << mended->text;
  }
}

// A text that was cut off must not be completed: a part of a reply is not a reply.
TEST(MendedJson, NeverMakesAWholeOfAPart) {
  const std::string whole = R"({"a":["\ud83d",1e400,NaN,01,"x\x"],"b":{"c":"d"}})";
  ASSERT_TRUE(nlohmann::json::accept(MendJson(whole)->text));
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const std::optional<MendedJson> mended = MendJson(part);
    EXPECT_FALSE(nlohmann::json::accept(mended ? mended->text : part)) << part;
  }
}

TEST(MendedJson, LeavesANumberThatMayGoOn) {
  for (const char* const text : {"-", "1.", "1e", "1e+", "NaN", "-Infinity"}) {
    EXPECT_EQ(MendJson(text), std::nullopt) << text;
  }
}

TEST(JsonContent, IsWithoutMarkAndBlanks) {
  EXPECT_EQ(JsonContent(""), "");
  EXPECT_EQ(JsonContent(" \r\n\t"), "");
  EXPECT_EQ(JsonContent("\xef\xbb\xbf"), "");
  EXPECT_EQ(JsonContent("\xef\xbb\xbf {} \n"), "{}");
  EXPECT_EQ(JsonContent("{} \xef\xbb\xbf"), "{} \xef\xbb\xbf");
}

}  // namespace
}  // namespace gateway::mapping
