#include "upstream/mapping/violations.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway::mapping {
namespace {

TEST(PathText, ShowsFieldsElementsAndKeys) {
  const Path root{};
  EXPECT_EQ(root.ToString(), "");
  const Path body{nullptr, "body"};
  const Path lines{&body, "lines"};
  const Path line{&lines, "", 2};
  const Path labels{&line, "labels"};
  const Path label{&labels, "a\"b", {}, true};
  EXPECT_EQ(body.ToString(), "body");
  EXPECT_EQ(line.ToString(), "body.lines[2]");
  EXPECT_EQ(label.ToString(), R"(body.lines[2].labels["a\"b"])");
  const Path first{&root, "", 0};
  const Path id{&first, "id"};
  EXPECT_EQ(id.ToString(), "[0].id");
}

// A map key comes from the caller: it may be long, empty, or not printable.
TEST(PathText, ShowsKeysShortAndPrintable) {
  const Path body{nullptr, "body"};
  const std::string big(1 << 20, 'k');
  const Path long_key{&body, big, {}, true};
  EXPECT_EQ(long_key.ToString(), "body[\"" + std::string(64, 'k') + "\"]");
  const Path empty{&body, "", {}, true};
  EXPECT_EQ(empty.ToString(), R"(body[""])");
  const Path binary{&body, absl::string_view("\xff\0\n", 3), {}, true};
  EXPECT_EQ(binary.ToString(), R"(body["\377\000\n"])");
}

TEST(ViolationsTest, KeepTheFirstHundredInOrder) {
  Violations violations;
  EXPECT_TRUE(violations.empty());
  const Path list{nullptr, "list"};
  for (size_t i = 0; i < 1000; ++i) violations.Add({&list, "", i}, "is bad");
  EXPECT_FALSE(violations.empty());
  EXPECT_EQ(violations.count(), 1000u);
  const std::vector<Violation> taken = violations.Take();
  ASSERT_EQ(taken.size(), Violations::kLimit);
  EXPECT_EQ(taken.front().field, "list[0]");
  EXPECT_EQ(taken.back().field, "list[99]");
  EXPECT_EQ(taken.back().description, "is bad");
}

}  // namespace
}  // namespace gateway::mapping
