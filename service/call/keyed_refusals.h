// The failures that the caller of a keyed write gets if the ledger has no reply for it. Their
// reasons and texts are those of docs/calling.md. Pure functions.
#ifndef SERVICE_CALL_KEYED_REFUSALS_H_
#define SERVICE_CALL_KEYED_REFUSALS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/ledger/ledger.h"
#include "upstream/mapping/failure.h"

namespace gateway::refusal {

// An earlier write is still under way; the caller may ask again in a second.
mapping::Failure InProgress(absl::string_view reason, const ledger::Entry& entry);

// The first call with this key may have happened. `note`: what else is known; may be empty.
mapping::Failure Unresolved(absl::string_view entry, absl::string_view note);

// The key came with another request before.
mapping::Failure Reused();

// Another write of this kind on the same resource is under way, or its outcome is unknown.
mapping::Failure Guarded(const ledger::Entry& entry);

// The entry that the caller waited for ended, and its write did not happen.
mapping::Failure Released(const ledger::Entry& entry);

// The ledger failed to claim, so nothing of this call was sent. If the status is not UNAVAILABLE,
// the entry cannot be read, and the outcome of an earlier call with this key is unknown.
mapping::Failure NotClaimed(const absl::Status& status);

}  // namespace gateway::refusal

#endif  // SERVICE_CALL_KEYED_REFUSALS_H_
