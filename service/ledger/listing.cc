#include "service/ledger/listing.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

// How many rows a filtered page looks at, at most. Later rows are left for the next page.
constexpr int64_t kMostLookedAt = 2000;
constexpr size_t kMostOnAPage = 1000;

size_t SizeOf(const ListRequest& request) {
  return std::clamp<size_t>(request.page_size, 1, kMostOnAPage);
}

bool Matches(const ListRequest& request, const Entry& entry, absl::Time now) {
  if (request.state && entry.state != *request.state) return false;
  if (!request.upstream.empty() && entry.scope.upstream != request.upstream) return false;
  if (request.store && entry.scope.store != *request.store) return false;
  return now - entry.changed >= request.min_age;
}

}  // namespace

absl::StatusOr<ListPlan> PlanOf(const ListRequest& request) {
  ListPlan plan;
  if (!request.page_token.empty() &&
      (!absl::SimpleAtoi(request.page_token, &plan.below) || plan.below < 0)) {
    return absl::InvalidArgumentError("is no page token");
  }
  const bool filtered = request.state || !request.upstream.empty() || request.store ||
                        request.min_age > absl::ZeroDuration();
  plan.looked_at = filtered ? kMostLookedAt : static_cast<int64_t>(SizeOf(request)) + 1;
  return plan;
}

ListPage PageOf(const ListRequest& request, const ListPlan& plan, const std::vector<Row>& rows,
                const std::vector<int64_t>& unreadable, absl::Time now) {
  ListPage page;
  // Ends the page behind the row with this number: the next one begins below it.
  const auto end_behind = [&](int64_t number) {
    page.next_page_token = absl::StrCat(number);
    page.unreadable = static_cast<size_t>(std::count_if(unreadable.begin(), unreadable.end(),
                                                        [&](int64_t n) { return n >= number; }));
    return page;
  };
  int64_t below = plan.below;
  for (const Row& row : rows) {
    if (!Matches(request, row.entry, now)) continue;
    if (page.entries.size() == SizeOf(request)) return end_behind(below);
    page.entries.push_back(row.entry);
    below = row.number;
  }
  if (rows.size() + unreadable.size() == static_cast<size_t>(plan.looked_at)) {
    // There may be more. The last row that was looked at may be one that cannot be read.
    int64_t last = plan.below;
    if (!rows.empty()) last = std::min(last, rows.back().number);
    if (!unreadable.empty()) last = std::min(last, unreadable.back());
    return end_behind(last);
  }
  page.unreadable = unreadable.size();
  return page;
}

}  // namespace gateway::ledger
