#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"

namespace gateway::sandbox {
namespace {

class PagingTest : public testing::Test {
 protected:
  std::vector<std::string> Page(const std::string& query) {
    const Answer answer = client_.Get(absl::StrCat(kStore, "/orders?", query));
    EXPECT_EQ(answer.status, 200) << answer.text;
    std::vector<std::string> ids;
    for (const Json& order : answer.body) ids.push_back(order["id"].get<std::string>());
    return ids;
  }

  // Returns all IDs, read page by page; the cursor is the last ID of each page.
  std::vector<std::string> Walk(const std::string& query, const std::string& cursor, size_t limit) {
    std::vector<std::string> all;
    std::vector<std::string> page;
    std::string from;
    do {
      page = Page(absl::StrCat(query, "&limit=", limit, from));
      all.insert(all.end(), page.begin(), page.end());
      if (!page.empty()) from = absl::StrCat("&", cursor, "=", page.back());
    } while (page.size() == limit);
    return all;
  }

  static int64_t Number(const std::string& id) { return std::stoll(id); }

  const std::unique_ptr<Sandbox> sandbox_ = StartSandbox();
  Client client_{sandbox_->port()};
};

TEST_F(PagingTest, WalksBothWaysWithoutLossOrRepetition) {
  for (const size_t limit : {1u, 5u, 16u, 31u, 32u, 100u}) {
    const std::vector<std::string> up = Walk("asc=true", "after", limit);
    std::vector<std::string> down = Walk("asc=false", "before", limit);
    ASSERT_EQ(up.size(), 32u) << limit;
    EXPECT_TRUE(std::is_sorted(up.begin(), up.end(), [](const auto& left, const auto& right) {
      return Number(left) < Number(right);
    }));
    EXPECT_EQ(std::adjacent_find(up.begin(), up.end()), up.end());
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(down, up) << limit;
  }
}

TEST_F(PagingTest, ShowsTheTenNewestUnlessToldOtherwise) {
  const std::vector<std::string> page = Page("");
  ASSERT_EQ(page.size(), 10u);
  EXPECT_EQ(page, Page("asc=false&limit=10"));
  EXPECT_GT(Number(page.front()), Number(page.back()));
}

TEST_F(PagingTest, CursorsAreExclusiveAndMeanTime) {
  const std::vector<std::string> all = Walk("asc=true", "after", 100);
  const std::string between = absl::StrCat("limit=100&after=", all[3], "&before=", all[7]);
  EXPECT_EQ(Page(between + "&asc=true"),
            std::vector<std::string>(all.begin() + 4, all.begin() + 7));
  std::vector<std::string> backwards = Page(between);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(backwards, std::vector<std::string>(all.begin() + 4, all.begin() + 7));
}

// The comments of `asc` warn of this: with the other cursor, a client reads rows again and never
// reaches the rest, and no error says so.
TEST_F(PagingTest, TheOtherCursorLosesRowsWithoutAnError) {
  for (const auto& [order, cursor] :
       {std::pair("asc=false", "after"), std::pair("asc=true", "before")}) {
    const std::vector<std::string> walked = Walk(order, cursor, 5);
    EXPECT_LT(std::set<std::string>(walked.begin(), walked.end()).size(), 32u) << order;
  }
}

TEST_F(PagingTest, FiltersApplyBeforeTheLimit) {
  EXPECT_EQ(Walk("status=completed&asc=true", "after", 3),
            Walk("status=completed&asc=true", "after", 100));
}

TEST_F(PagingTest, RefusesWhatIsOutOfBounds) {
  for (const char* query :
       {"limit=0", "limit=101", "limit=-1", "limit=ten", "limit=", "limit=1.5", "limit=99999999999",
        "after=x", "before=-1", "asc=yes", "status=sold", "limit=5&limit=6", "unheard=1"}) {
    const Answer answer = client_.Get(absl::StrCat(kStore, "/orders?", query));
    EXPECT_EQ(answer.status, 400) << query;
    const std::string name(query, std::string(query).find('='));
    EXPECT_EQ(answer.body["errors"][0]["path"], name) << answer.text;
  }
}

}  // namespace
}  // namespace gateway::sandbox
