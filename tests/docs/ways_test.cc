// docs/unknown-outcomes.md lists, for every write, how an unknown outcome is resolved, and why. The
// page must agree with the write's proto.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway {
namespace {

struct Row {
  std::string way;
  std::string why;
};

std::map<std::string, Row> RowsOfPage() {
  std::ifstream stream(std::string(SOURCE_DIR) + "/docs/unknown-outcomes.md");
  EXPECT_TRUE(stream.is_open());
  const std::string page(std::istreambuf_iterator<char>(stream), {});
  std::map<std::string, Row> rows;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
    if (cells.size() != 5 || !absl::StrContains(cells[1], '.')) continue;
    const auto cell = [&](size_t i) { return std::string(absl::StripAsciiWhitespace(cells[i])); };
    EXPECT_TRUE(rows.emplace(cell(1), Row{cell(2), cell(3)}).second) << line;
  }
  return rows;
}

TEST(WaysTest, TheTableIsWhatTheProtosSay) {
  std::map<std::string, Row> rows = RowsOfPage();
  const auto routes = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  ASSERT_TRUE(routes.ok()) << routes.status();
  for (const mapping::Route& route : (*routes)->routes()) {
    if (route.access == mapping::Access::kRead) continue;
    const auto row = rows.find(route.full_name);
    ASSERT_NE(row, rows.end()) << route.full_name << " has no row";
    EXPECT_EQ(row->second.way, mapping::Name(route.once.way)) << route.full_name;
    EXPECT_FALSE(row->second.why.empty()) << route.full_name;
    rows.erase(row);
  }
  for (const auto& [name, row] : rows) ADD_FAILURE() << name << " is no write";
}

// A second refund is the most expensive mistake, so every refund must have a way to resolve it.
TEST(WaysTest, EveryRefundHasAWay) {
  const auto routes = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  ASSERT_TRUE(routes.ok()) << routes.status();
  int refunds = 0;
  for (const mapping::Route& route : (*routes)->routes()) {
    if (route.access == mapping::Access::kRead || !absl::StrContains(route.full_name, "Refund"))
      continue;
    ++refunds;
    EXPECT_NE(route.once.way, mapping::Way::kNone) << route.full_name;
  }
  EXPECT_EQ(refunds, 3);
}

}  // namespace
}  // namespace gateway
