// Pages of a list, for both stores: what to read, and what of it is shown.
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
  int64_t below = INT64_MAX;  // rows with smaller numbers, the greatest first
  int64_t looked_at = 0;      // so many of them
};

// INVALID_ARGUMENT: the page token is none.
absl::StatusOr<ListPlan> PlanOf(const ListRequest& request);

// `rows` are those of the plan, less `unreadable` that could not be read.
ListPage PageOf(const ListRequest& request, const ListPlan& plan, const std::vector<Row>& rows,
                size_t unreadable, absl::Time now);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_LISTING_H_
