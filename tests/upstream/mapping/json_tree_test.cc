#include "upstream/mapping/json_tree.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace gateway::mapping {
namespace {

using nlohmann::json;

void ExpectTheSame(const std::string& text) {
  const json expected = json::parse(text, nullptr, false);
  const json tree = JsonTree(text);
  ASSERT_EQ(tree.is_discarded(), expected.is_discarded()) << text;
  if (tree.is_discarded()) return;
  // == ignores the types of numbers, and dump() the type of a negative zero: CBOR shows both.
  EXPECT_EQ(tree, expected) << text;
  EXPECT_EQ(tree.dump(), expected.dump()) << text;
  EXPECT_EQ(json::to_cbor(tree), json::to_cbor(expected)) << text;
}

TEST(JsonTree, IsWhatTheOtherParserReads) {
  for (const char* const text :
       {"{}",
        "[]",
        "null",
        "true",
        "\"text\"",
        "",
        " ",
        "{",
        "[1",
        "{\"a\":1,}",
        "[1] 2",
        "nul",
        R"({"a":{"b":[1,-1,0,-0,1.5,-0.0,1e3,1E-400,"",false,null]},"c":[[],{}]})",
        R"({"a":1,"a":2,"b":3,"a":[4]})",
        R"(["\u00e9\ud83d\ude00","\ud83d","\udc00","\ud83dx"])",
        "[\"\\n\\\"\\\\\\/\"]",
        "[\"\t\"]",
        "[\"\xc3\xa9\"]",
        "[\"\xc3\"]",
        "[\"\xed\xa0\xbd\"]",
        "\xef\xbb\xbf[1]",
        "[9223372036854775807]",
        "[9223372036854775808]",
        "[18446744073709551615]",
        "[18446744073709551616]",
        "[-9223372036854775808]",
        "[-9223372036854775809]",
        "[0.1,1e308,1e309,-1e309,5e-324,123456789012345678901234567890]",
        "[01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[NaN]",
        "[1e]",
        "{1:2}",
        "{\"a\" 1}",
        "[1 2]"}) {
    ExpectTheSame(text);
  }
}

TEST(JsonTree, IsTheSameHoweverDeepTheTextIs) {
  for (const size_t depth : {1, 62, 63, 64, 65, 66, 1023, 1025, 100'000}) {
    const std::string text = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_EQ(JsonTree(text).is_discarded(), false) << depth;
    if (depth < 100) ExpectTheSame(text);
    EXPECT_TRUE(JsonTree(text.substr(1)).is_discarded()) << depth;
  }
}

TEST(JsonTree, IsTheSameOfWhateverMayStandInABody) {
  constexpr absl::string_view kBody =
      R"({"code":"card_declined","message":"no\n","n":[0,-12,3.25e2,{"path":"a.b","ok":true}]})";
  constexpr absl::string_view kBytes("{}[],:\"\\u-+.eE019 \n\x00\xc3\x80tfn", 25);
  std::mt19937 random(20261128);
  size_t valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(kBody);
    for (unsigned changes = 1 + random() % 2; changes > 0; --changes) {
      text[random() % text.size()] = kBytes[random() % kBytes.size()];
    }
    ExpectTheSame(text);
    if (!JsonTree(text).is_discarded()) ++valid;
  }
  EXPECT_GT(valid, 1000u);
}

}  // namespace
}  // namespace gateway::mapping
