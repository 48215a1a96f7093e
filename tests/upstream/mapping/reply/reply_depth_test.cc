// The maximum depth of a reply is exactly what a caller's protobuf parser accepts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::Normal;
using shop::ReadText;
using testing::StartsWith;

std::string Repeat(absl::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) absl::StrAppend(&all, text);
  return all;
}

std::string Deep(absl::string_view open, absl::string_view close, int depth) {
  return absl::StrCat(Repeat(open, depth), "{}", Repeat(close, depth));
}

TEST(ReceivedDepth, IsThatOfProtobuf) {
  EXPECT_THAT(ReadText("GetMix", Deep(R"({"nested":)", "}", 100)), StartsWith("nested { nested {"));
  for (const int depth : {101, 1000, 1000000}) {
    EXPECT_THAT(ReadText("GetMix", Deep(R"({"nested":)", "}", depth)),
                testing::EndsWith("is nested too deeply"))
        << depth;
  }
  EXPECT_THAT(ReadText("GetMix", Deep(R"({"nesteds":[)", "]}", 100000)),
              testing::EndsWith("is nested too deeply"));
  EXPECT_THAT(ReadText("GetMix", Deep(R"({"nested_map":{"k":)", "}}", 50)),
              StartsWith("nested_map { key: "));
  EXPECT_THAT(ReadText("GetMix", Deep(R"({"nested_map":{"k":)", "}}", 51)),
              testing::EndsWith("is nested too deeply"));
}

TEST(ReceivedDepth, OfUnknownMembersDoesNotMatter) {
  for (const int depth : {1000, 1000000}) {
    EXPECT_EQ(ReadText("GetMix", absl::StrCat(R"({"small":1,"new":)",
                                              Deep(R"({"a":[)", "]}", depth), R"(,"big":2})")),
              Normal("Everything", "small: 1 big: 2"));
  }
}

// Every reply that the gateway accepts can be parsed by a caller's protobuf.
TEST(ReceivedDepth, OfFreeFormIsBoundedTogetherWithWhatIsAround) {
  for (int around = 0; around <= 100; around += 10) {
    for (int depth = 0; depth <= 110; ++depth) {
      const std::string body =
          absl::StrCat(Repeat(R"({"nested":)", around), "{\"any\":", Deep(R"({"a":)", "}", depth),
                       "}", Repeat("}", around));
      EXPECT_NE(ReadText("GetMix", body), "unparsable") << around << " " << depth;
      const std::string list = absl::StrCat(Repeat(R"({"nested":)", around), "{\"list\":[",
                                            Deep("[", "]", depth), "]}", Repeat("}", around));
      EXPECT_NE(ReadText("GetMix", list), "unparsable") << around << " " << depth;
    }
  }
  EXPECT_THAT(ReadText("GetMix", absl::StrCat("{\"any\":", Deep(R"({"a":)", "}", 29), "}")),
              StartsWith("any { "));
  for (const int depth : {101, 1000, 1000000}) {
    for (const std::string& value : {Deep("[", "]", depth), Deep(R"({"a":)", "}", depth)}) {
      // A value that is nested too deeply is passed on as JSON text.
      EXPECT_THAT(ReadText("GetMix", absl::StrCat("{\"any\":", value, "}")),
                  testing::AllOf(StartsWith("any { "), testing::HasSubstr("string_value: \"")));
    }
  }
}

}  // namespace
}  // namespace gateway::mapping
