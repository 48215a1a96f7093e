#include "upstream/mapping/request/canonical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::Fixed64Field;
using shop::MixBodyOfBytes;
using shop::VarintBytes;
using shop::VarintField;
using testing::StartsWith;

// No serializer writes more than 32 bits here; protobuf's parser would truncate the value.
TEST(SentIntegers, NeverWrap) {
  const uint64_t wide = uint64_t{1} << 32 | 5;
  const std::string disorder = BytesField(1, "text");  // follows field 2: not canonical
  EXPECT_EQ(MixBodyOfBytes(VarintField(2, wide)), "refused: body.small: must fit in 32 bits");
  EXPECT_EQ(MixBodyOfBytes(VarintField(2, 0xffffffff)), "refused: body.small: must fit in 32 bits");
  EXPECT_THAT(MixBodyOfBytes(VarintField(2, wide) + disorder), StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(VarintField(6, uint64_t{1} << 32 | 1) + disorder),
              StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(22, VarintBytes(1) + VarintBytes(wide)) + disorder),
              StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(8, VarintField(2, wide)) + disorder),
              StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(42, VarintField(2, wide)) + disorder),
              StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(48, BytesField(2, VarintField(2, wide))) + disorder),
              StartsWith("refused: "));
  // The later value counts and is valid; the earlier one shows that the request is faulty.
  EXPECT_THAT(MixBodyOfBytes(VarintField(2, wide) + VarintField(2, 1)), StartsWith("refused: "));
  EXPECT_THAT(MixBodyOfBytes(BytesField(7, VarintField(2, wide))),
              StartsWith("refused: body.time"));
  EXPECT_THAT(MixBodyOfBytes(BytesField(7, VarintField(2, wide)) + disorder),
              StartsWith("refused: "));
}

// Non-canonical bytes that are valid: the gateway sends what protobuf's own parser reads from them.
TEST(SentBody, ReadsNonCanonicalBytesAsProtobufDoes) {
  const std::string seven = VarintBytes(7);
  const std::string list_1 = BytesField(11, BytesField(1, VarintField(4, 1)));
  struct {
    std::string bytes;
    const char* json;
  } const cases[] = {
      // Out of order.
      {VarintField(3, 2) + VarintField(2, 1), R"({"small":1,"big":2})"},
      // A repeated singular field: the last one counts.
      {VarintField(2, 1) + VarintField(2, 2), R"({"small":2})"},
      {BytesField(1, "a") + VarintField(2, 1) + BytesField(1, "b"), R"({"text":"b","small":1})"},
      // A list in pieces.
      {VarintField(22, 1) + VarintField(2, 9) + VarintField(22, 2),
       R"({"small":9,"smalls":[1,2]})"},
      {BytesField(21, "a") + BytesField(28, "") + BytesField(21, "b"),
       R"({"texts":["a","b"],"nesteds":[{}]})"},
      // Packed, unpacked, and mixed.
      {BytesField(22, VarintBytes(1) + seven), R"({"smalls":[1,7]})"},
      {VarintField(22, 1) + VarintField(22, 7), R"({"smalls":[1,7]})"},
      {VarintField(22, 1) + BytesField(22, seven + seven) + VarintField(22, 2),
       R"({"smalls":[1,7,7,2]})"},
      {BytesField(66, seven + VarintBytes(8)), R"({"loose":[7,8]})"},
      {Fixed64Field(24, 0x3fe0000000000000) + BytesField(24, std::string(8, '\0')),
       R"({"reals":[0.5,0]})"},
      {BytesField(26, VarintBytes(1)) + VarintField(26, 2),
       R"({"flavors":["lemon","pink_lemon"]})"},
      // An empty packed list adds nothing.
      {BytesField(22, ""), R"({})"},
      {BytesField(22, "") + BytesField(22, ""), R"({})"},
      {BytesField(8, BytesField(22, "")), R"({"nested":{}})"},
      // A message in pieces is one message.
      {BytesField(8, VarintField(2, 1)) + BytesField(8, VarintField(3, 2)),
       R"({"nested":{"small":1,"big":2}})"},
      {BytesField(8, VarintField(2, 1)) + VarintField(22, 5) + BytesField(8, VarintField(2, 2)),
       R"({"nested":{"small":2},"smalls":[5]})"},
      {BytesField(8, BytesField(28, VarintField(2, 1))) + BytesField(8, BytesField(28, "")),
       R"({"nested":{"nesteds":[{"small":1},{}]}})"},
      {BytesField(7, VarintField(1, 1)) + BytesField(7, VarintField(2, 5000000)),
       R"({"time":"1970-01-01T00:00:01.005Z"})"},
      {BytesField(7, VarintField(1, 1) + VarintField(1, 2)), R"({"time":"1970-01-01T00:00:02Z"})"},
      {BytesField(48, BytesField(1, "k") + BytesField(2, VarintField(2, 1)) +
                          BytesField(2, VarintField(3, 2))),
       R"({"nested_map":{"k":{"small":1,"big":2}}})"},
      {BytesField(43, VarintField(2, 1) + BytesField(1, "a") + VarintField(2, 2)),
       R"({"big_map":{"a":2}})"},
      // google.protobuf.Value is a oneof: a different member replaces, the same message member
      // merges.
      {BytesField(10, VarintField(4, 1) + VarintField(1, 0)), R"({"any":null})"},
      {BytesField(10, VarintField(4, 1)) + BytesField(10, BytesField(3, "x")), R"({"any":"x"})"},
      {BytesField(10, BytesField(6, BytesField(1, VarintField(4, 1))) +
                          BytesField(6, BytesField(1, VarintField(4, 0)))),
       R"({"any":[true,false]})"},
      {list_1 + list_1, R"({"list":[true,true]})"},
      {BytesField(
           9, BytesField(1, BytesField(1, "k") +
                                BytesField(2, BytesField(6, BytesField(1, VarintField(4, 1)))) +
                                BytesField(2, BytesField(6, BytesField(1, VarintField(4, 0)))))),
       R"({"object":{"k":[true,false]}})"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(MixBodyOfBytes(c.bytes), c.json) << shop::Text("Everything", c.bytes);
  }
}

TEST(SentBody, RefusesAMistypedFieldAmongNonCanonicalOnesInFiniteTime) {
  std::string bytes = BytesField(2, "?");  // small is a varint
  for (int i = 0; i < 50; ++i) {
    bytes += BytesField(41, BytesField(1, absl::StrCat("k", i)) + BytesField(2, "v"));
  }
  bytes += BytesField(1, "a");
  EXPECT_THAT(MixBodyOfBytes(bytes), StartsWith("refused: "));
}

}  // namespace
}  // namespace gateway::mapping
