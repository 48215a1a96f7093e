// The rules of the ledger: the one place where the state of an entry changes. The stores read a
// row, call a function of this file, and write the row back.
//
//   state        claim        done    not sent/refused  unknown   resolve: done  not done
//   INTENT       in progress  DONE    RELEASED          UNKNOWN   refused        refused
//   DONE         its reply    -       refused           refused   -              refused
//   RELEASED     INTENT (*)   DONE    -                 refused   refused        refused
//   UNKNOWN      unknown      DONE    RELEASED          -         DONE           NOT_DONE
//   NOT_DONE     INTENT (*)   DONE    -                 -         DONE           -
//
//   (*) of the same request; its guard has to be free. "-": OK, and nothing changes.
//   An UNKNOWN may be claimed again if ClaimRequest::harmless_for allows it. The entry is in doubt
//   from then on: a result "not sent" or "refused" makes it UNKNOWN again, and only DONE or a
//   resolution ends the doubt.
//
// The columns from "done" to "unknown" are results of the entry's last attempt. A result of an
// earlier attempt is ABORTED, whatever it says.
//
// Thread-safety: pure functions.
#ifndef SERVICE_LEDGER_RULES_H_
#define SERVICE_LEDGER_RULES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/ledger/ledger.h"
#include "service/ledger/options.h"
#include "service/ledger/row.h"

namespace gateway::ledger {

// INVALID_ARGUMENT if the request is wrong, for any store.
absl::Status Check(const ClaimRequest& request);
absl::Status Check(const Resolution& resolution);

// Makes the row of a first attempt. `claim` is random, see Row::claim.
Row NewRow(const ClaimRequest& request, EntryId id, int64_t claim, absl::Time now);

// Decides how a claim of this row is answered. kClaimed: the row may be claimed again, unless
// another entry holds the guard.
ClaimAnswer::Kind JudgeClaim(const Row& row, const ClaimRequest& request, absl::Time now);
void ClaimAgain(const ClaimRequest& request, int64_t claim, absl::Time now, Row& row);

// A claim of which nobody was told that it holds, since its commit failed or its answer is lost.
struct Abandoned {
  Holding holding;
  int64_t claim = 0;  // Row::claim
};

// Whether the row has changed and must be written.
using Changed = absl::StatusOr<bool>;

Changed ApplyBefore(const Options& options, const Holding& holding, absl::string_view before,
                    Row& row);
Changed ApplySettle(const Options& options, const Holding& holding, const Settlement& settlement,
                    absl::Time now, Row& row);
// Takes a claim back that may be in the store. A row that holds any other claim stays as it is.
Changed ApplyTakeBack(const Options& options, const Abandoned& abandoned, absl::Time now, Row& row);
Changed ApplyResolve(const Options& options, const Resolution& resolution, absl::Time now,
                     Row& row);
Changed ApplyPostpone(const Options& options, const Postponement& postponement, absl::Time now,
                      Row& row);
// Turns an INTENT into UNKNOWN: its call does not know the outcome, or its process is gone.
void BecomeUnknown(absl::string_view note, absl::Time now, Row& row);

// Selects the rows for ClaimAnswer::recent, from those that held the claim's guard and became DONE.
std::vector<Entry> RecentOf(const Options& options, const std::vector<Row>& rows);

// Whether a reader has leased the row now. A lease longer than kMaxLease was made before the clock
// was set back.
inline constexpr absl::Duration kMaxLease = absl::Hours(1);
bool IsLeased(const Row& row, absl::Time now);
void Lease(const Options& options, const TakeRequest& request, absl::Time now, Row& row);

// Whether this result says that a write happened, although the ledger has recorded that it did not
// happen, or has let the entry be claimed again.
bool IsContradiction(const Holding& holding, const Settlement& settlement, const Row& row);

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_RULES_H_
