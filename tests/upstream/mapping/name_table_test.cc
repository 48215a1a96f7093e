#include "upstream/mapping/name_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

std::vector<absl::string_view> Views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

TEST(NameTable, OfNothingFindsNothing) {
  EXPECT_EQ(NameTable().Find(""), NameTable::kNone);
  EXPECT_EQ(NameTable().Find("name"), NameTable::kNone);
}

TEST(NameTable, FindsEachOfItsNamesAtItsPlace) {
  const std::vector<std::string> names = {
      "", "a", "b", "id", "ids", "price", "price_str", "total_amount", "total_amounts",
      // Names with equal length, beginning and end.
      "presentment_discount_amount_str", "presentment_subtotal_amount_str"};
  const NameTable table(Views(names));
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.Find(names[i]), i) << names[i];
}

TEST(NameTable, LooksAtEachByte) {
  for (size_t size = 1; size <= 40; ++size) {
    const std::string name(size, 'a');
    const NameTable table({name});
    EXPECT_EQ(table.Find(name), 0u);
    for (size_t i = 0; i < size; ++i) {
      std::string other = name;
      other[i] ^= 1;
      EXPECT_EQ(table.Find(other), NameTable::kNone) << other;
    }
  }
}

TEST(NameTable, TakesNoOtherName) {
  const std::vector<std::string> names = {"id", "price", "price_str", "total_amount"};
  const NameTable table(Views(names));
  for (const std::string& name : names) {
    EXPECT_EQ(table.Find(absl::StrCat(name, "x")), NameTable::kNone);
    EXPECT_EQ(table.Find(absl::StrCat("x", name)), NameTable::kNone);
    EXPECT_EQ(table.Find(name.substr(1)), NameTable::kNone);
    std::string other = name;
    other.back() ^= 1;
    EXPECT_EQ(table.Find(other), NameTable::kNone) << other;
  }
  EXPECT_EQ(table.Find(""), NameTable::kNone);
  EXPECT_EQ(table.Find(absl::string_view("id\0", 3)), NameTable::kNone);
}

// More names than any message has fields.
TEST(NameTable, HasRoomForMany) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat("field_with_a_name_", i));
  const NameTable table(Views(names));
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.Find(names[i]), i);
  for (int i = 1000; i < 20000; ++i) {
    EXPECT_EQ(table.Find(absl::StrCat("field_with_a_name_", i)), NameTable::kNone);
  }
}

}  // namespace
}  // namespace gateway::mapping
