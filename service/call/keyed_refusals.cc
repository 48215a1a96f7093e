#include "service/call/keyed_refusals.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gateway::refusal {
namespace {

using ledger::Entry;
using ledger::State;
using mapping::Failure;
using mapping::NotSent;
using mapping::Outcome;

// The delay after which a caller whose write is still under way may ask again.
constexpr absl::Duration kAskAgain = absl::Seconds(1);

}  // namespace

Failure InProgress(absl::string_view reason, const Entry& entry) {
  Failure failure = NotSent(
      absl::StatusCode::kAborted, reason,
      absl::StrCat("a write that began earlier is still under way: entry ", entry.id.text()));
  failure.retry_after = kAskAgain;
  return failure;
}

Failure Unresolved(absl::string_view entry, absl::string_view note) {
  Failure failure;
  failure.code = absl::StatusCode::kUnknown;
  failure.outcome = Outcome::kUnknown;
  failure.reason = "IDEMPOTENCY_OUTCOME_UNKNOWN";
  failure.message = absl::StrCat(
      "the first call with this key may have happened, and it is not "
      "known yet whether it did: entry ",
      entry);
  if (!note.empty()) absl::StrAppend(&failure.message, " (", note, ")");
  return failure;
}

Failure Reused() {
  return NotSent(absl::StatusCode::kFailedPrecondition, "IDEMPOTENCY_KEY_REUSED",
                 "this key came with another request before");
}

Failure Guarded(const Entry& entry) {
  if (entry.state == State::kIntent) return InProgress("WRITE_IN_PROGRESS", entry);
  return NotSent(absl::StatusCode::kFailedPrecondition, "UNRESOLVED_WRITE",
                 absl::StrCat("the outcome of an earlier write of this kind on the same resource "
                              "is not known: entry ",
                              entry.id.text()));
}

Failure Released(const Entry& entry) {
  return NotSent(absl::StatusCode::kAborted, "IDEMPOTENCY_RELEASED",
                 absl::StrCat("the earlier call with this key did not happen (",
                              entry.note.empty() ? "not sent or refused" : entry.note,
                              "); the key may be used again: entry ", entry.id.text()));
}

Failure NotClaimed(const absl::Status& status) {
  if (absl::IsUnavailable(status)) {
    return NotSent(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE",
                   absl::StrCat("the ledger cannot be written: ", status.message()));
  }
  Failure failure;
  failure.code = absl::StatusCode::kDataLoss;
  failure.outcome = Outcome::kUnknown;
  failure.reason = "LEDGER_ENTRY_UNREADABLE";
  failure.message =
      absl::StrCat("the ledger cannot tell what became of this key: ", status.message());
  return failure;
}

}  // namespace gateway::refusal
