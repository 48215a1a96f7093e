// Compares the check for deterministic serialization with protobuf's own serializer.
#include "upstream/mapping/request/serialized.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::BytesField;
using shop::VarintBytes;
using shop::VarintField;

std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

bool Asked(const std::string& type, const std::string& bytes) {
  return IsSerialized(shop::PlanOf(type), bytes);
}

TEST(SerializedTest, WhatASerializerWritesIsCertain) {
  const char* const texts[] = {
      "",
      R"(id: "1" name: "n" price: 5)",
      R"(tags: "a" tags: "b" straws { length: 3 } straws { length: 3 color: "red" })",
      R"(labels { key: "a" value: "1" } labels { key: "b" value: "" })",
      R"(price: -1 cold: false id: "")",
  };
  for (const char* const text : texts) {
    const auto message = shop::New("GlassDto");
    message->ParseFromString(shop::Wire("GlassDto", text));
    EXPECT_TRUE(Asked("GlassDto", Deterministic(*message))) << text;
  }
}

TEST(SerializedTest, WhatIsNotIsNotCertain) {
  const std::string a = BytesField(9, BytesField(1, "a") + BytesField(2, "1"));
  const std::string b = BytesField(9, BytesField(1, "b") + BytesField(2, "2"));
  EXPECT_TRUE(Asked("GlassDto", a + b));
  for (const std::string& bytes : {
           b + a,                                                    // keys out of order
           a + a,                                                    // a key twice
           BytesField(9, BytesField(2, "1") + BytesField(1, "a")),   // an entry out of order
           BytesField(9, BytesField(1, "a")),                        // an entry without a value
           VarintField(3, 1) + BytesField(1, "1"),                   // fields out of order
           BytesField(1, "1") + BytesField(1, "2"),                  // a field twice
           BytesField(99, "unknown"),                                // an unknown field
           VarintBytes(3 << 3) + std::string("\x85\x00", 2),         // overlong varint
           VarintBytes(1 << 3 | 2) + std::string("\x81\x00x", 3),    // overlong length
           VarintField(11, 2),                                       // not a boolean
           BytesField(8, BytesField(2, "red") + VarintField(1, 3)),  // fields out of order below
           BytesField(1, "1").substr(0, 2),                          // cut short
       }) {
    EXPECT_FALSE(Asked("GlassDto", bytes)) << testing::PrintToString(bytes);
  }
}

// For randomly damaged bytes: if the check accepts them, protobuf serializes them to the same
// bytes.
TEST(SerializedTest, NeverPromisesTooMuch) {
  const std::string seeds[] = {
      shop::Wire("GlassDto", R"(id: "1" name: "n" price: 5 tags: "a" straws { length: 3 color: "r" }
                                labels { key: "a" value: "1" } labels { key: "b" } flavor: 1)"),
      shop::Wire("UpdateGlassDto", R"(name: "n" price: 1 expires_at { seconds: 5 nanos: 6 }
                                      toppings: "x" labels { key: "k" value: "v" })"),
  };
  const char* const types[] = {"GlassDto", "UpdateGlassDto"};
  const google::protobuf::LogSilencer silencer;  // hides warnings about texts that are not UTF-8
  std::mt19937 random(20261127);
  int certain = 0;
  for (int i = 0; i < 200'000; ++i) {
    const size_t which = static_cast<size_t>(i) % 2;
    std::string bytes = seeds[which];
    for (int change = static_cast<int>(random() % 3); change >= 0; --change) {
      const size_t at = bytes.empty() ? 0 : random() % bytes.size();
      switch (random() % 4) {
        case 0:
          if (!bytes.empty()) bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.insert(at, 1, static_cast<char>(random() % 16));
          break;
        case 2:
          if (!bytes.empty()) bytes.erase(at, 1 + random() % 4);
          break;
        default:
          bytes += bytes.substr(at, random() % 12);
      }
    }
    if (!Asked(types[which], bytes)) continue;
    const auto message = shop::New(types[which]);
    if (!message->ParseFromString(bytes)) continue;  // not UTF-8: refused earlier
    ++certain;
    ASSERT_EQ(Deterministic(*message), bytes) << testing::PrintToString(bytes);
  }
  EXPECT_GT(certain, 1000);
}

}  // namespace
}  // namespace gateway::mapping
