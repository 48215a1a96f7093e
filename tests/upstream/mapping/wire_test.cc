#include "upstream/mapping/wire.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 127,
                                 128,
                                 300,
                                 16383,
                                 16384,
                                 0xffffffff,
                                 0x100000000,
                                 uint64_t{1} << 63,
                                 std::numeric_limits<uint64_t>::max()};

TEST(Varint, IsWhatProtobufWritesAndReads) {
  for (const uint64_t number : kNumbers) {
    std::string out;
    WireWriter(out).Varint(number);
    EXPECT_EQ(out, shop::VarintBytes(number));
    WireReader reader(out);
    uint64_t back;
    ASSERT_TRUE(reader.ReadVarint(back));
    EXPECT_EQ(back, number);
    EXPECT_TRUE(reader.done());
    for (size_t size = 0; size < out.size(); ++size) {
      const std::string cut(out.data(), size);
      EXPECT_FALSE(WireReader(cut).ReadVarint(back));
    }
  }
}

TEST(Varint, IsNotMoreThan64Bits) {
  uint64_t value;
  EXPECT_TRUE(WireReader(std::string(9, '\xff') + "\x01").ReadVarint(value));
  EXPECT_EQ(value, std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(WireReader(std::string(9, '\xff') + "\x02").ReadVarint(value));
  EXPECT_FALSE(WireReader(std::string(10, '\xff') + "\x01").ReadVarint(value));
  EXPECT_FALSE(WireReader(std::string(100, '\x80')).ReadVarint(value));
}

TEST(Field, IsReadWithinItsBytesOnly) {
  const std::string good = shop::BytesField(5, "abc");
  uint32_t number;
  WireValue value;
  ASSERT_TRUE(WireReader(good).ReadField(number, value));
  EXPECT_EQ(number, 5u);
  EXPECT_EQ(value.bytes, "abc");
  // Lengths beyond the end, including the largest possible one.
  for (const uint64_t length :
       {uint64_t{4}, uint64_t{1} << 31, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    const std::string bytes =
        absl::StrCat(shop::VarintBytes(5 << 3 | 2), shop::VarintBytes(length), "abc");
    EXPECT_FALSE(WireReader(bytes).ReadField(number, value)) << length;
  }
  // Truncated fixed-width values.
  EXPECT_FALSE(WireReader(shop::Fixed64Field(1, 1).substr(0, 8)).ReadField(number, value));
  EXPECT_FALSE(WireReader("\x0d\x01\x02\x03").ReadField(number, value));
  EXPECT_TRUE(WireReader("\x0d\x01\x02\x03\x04").ReadField(number, value));
  EXPECT_EQ(value.bits, 0x04030201u);
}

TEST(Field, NumbersAreThoseOfProtobuf) {
  uint32_t number;
  WireValue value;
  EXPECT_TRUE(WireReader(shop::VarintField(0x1fffffff, 1)).ReadField(number, value));
  EXPECT_EQ(number, 0x1fffffffu);
  EXPECT_FALSE(WireReader(shop::VarintField(0, 1)).ReadField(number, value));
  EXPECT_FALSE(
      WireReader(shop::VarintBytes(uint64_t{0x20000000} << 3) + "\x01").ReadField(number, value));
  for (const int type : {3, 4, 6, 7}) {
    const std::string bytes = {static_cast<char>(1 << 3 | type), 1, 1, 1, 1, 1, 1, 1, 1};
    EXPECT_FALSE(WireReader(bytes).ReadField(number, value)) << type;
  }
}

// Length prefixes of one to four bytes, inserted in front of values that were written before their
// length was known.
TEST(Length, IsPutInFrontOfAValueOfAnySize) {
  for (const size_t size : {0, 1, 127, 128, 129, 16383, 16384, 2097151, 2097152}) {
    std::string out = "before";
    {
      WireWriter writer(out);
      const size_t mark = writer.Begin();
      writer.sink().append(std::string(size, 'x'));
      writer.End(mark);
    }
    EXPECT_EQ(out, absl::StrCat("before", shop::VarintBytes(size), std::string(size, 'x')));
  }
}

TEST(Length, WithinALength) {
  std::string out;
  {
    WireWriter writer(out);
    const size_t outer = writer.Begin();
    const size_t first = writer.Begin();
    writer.sink().append(std::string(200, 'a'));
    writer.End(first);
    const size_t second = writer.Begin();
    writer.End(second);
    writer.End(outer);
  }
  EXPECT_EQ(out, absl::StrCat(shop::VarintBytes(203), shop::VarintBytes(200), std::string(200, 'a'),
                              std::string(1, '\0')));
}

}  // namespace
}  // namespace gateway::mapping
