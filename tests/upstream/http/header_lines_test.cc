#include "upstream/http/header_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gateway::http {
namespace {

using testing::ElementsAre;

TEST(HeaderLinesTest, AreThereInTheirOrder) {
  HeaderLines lines;
  EXPECT_TRUE(lines.empty());
  EXPECT_THAT(lines, ElementsAre());
  lines.Add("Accept: ", "application/json");
  lines.Add("X-Count: ", 7);
  lines.Add("");
  EXPECT_EQ(lines.size(), 3);
  EXPECT_THAT(lines, ElementsAre("Accept: application/json", "X-Count: 7", ""));
  EXPECT_EQ(lines, HeaderLines({"Accept: application/json", "X-Count: 7", ""}));
  EXPECT_NE(lines, HeaderLines({"Accept: application/json", "X-Count: 7"}));
}

TEST(HeaderLinesTest, EndWithANul) {
  HeaderLines lines = {"A: b", "C: d"};
  lines.Add("Long: ", std::string(1000, 'x'));
  for (const absl::string_view line : lines) EXPECT_EQ(line.data()[line.size()], '\0');
}

// A line that contains NUL stays one line: the check sees the NUL, and no second header appears.
TEST(HeaderLinesTest, AreNotDividedByTheirContent) {
  const absl::string_view line("A: b\0Evil: c", 12);
  HeaderLines lines;
  lines.Add(line);
  EXPECT_THAT(lines, ElementsAre(line));
}

TEST(HeaderLinesTest, AreTakenAwayFromTheEnd) {
  HeaderLines lines = {"A: 1", "B: 2", "C: 3"};
  lines.Truncate(3);
  EXPECT_EQ(lines.size(), 3);
  lines.Truncate(1);
  EXPECT_THAT(lines, ElementsAre("A: 1"));
  lines.Add("D: 4");
  EXPECT_THAT(lines, ElementsAre("A: 1", "D: 4"));
  lines.Truncate(0);
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace gateway::http
