// Pagination of List for both stores: which rows to read, and which of them to show.
//
// Thread-safety: pure functions.
#ifndef SERVICE_LEDGER_LISTING_H_
#define SERVICE_LEDGER_LISTING_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/ledger/ledger.h"
#include "service/ledger/row.h"

namespace gateway::ledger {

struct ListPlan {
  int64_t below = INT64_MAX;  // read rows with smaller numbers, the greatest first
  int64_t looked_at = 0;      // how many rows to read
};

// INVALID_ARGUMENT if the page token is malformed.
absl::StatusOr<ListPlan> PlanOf(const ListRequest& request);

// `rows` are the rows of the plan without those that could not be read: `unreadable` has the
// numbers of these. Both go from the greatest number to the smallest.
ListPage PageOf(const ListRequest& request, const ListPlan& plan, const std::vector<Row>& rows,
                const std::vector<int64_t>& unreadable, absl::Time now);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_LISTING_H_
