#include "service/call/keyed_write.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway {
namespace {

using ledger::ClaimAnswer;
using ledger::Entry;
using ledger::Settlement;
using ledger::State;
using mapping::Failure;
using mapping::NotSent;
using mapping::Outcome;

// When a caller whose write is still under way may ask again.
constexpr absl::Duration kAskAgain = absl::Seconds(1);

Failure InProgress(absl::string_view reason, const Entry& entry) {
  Failure failure = NotSent(
      absl::StatusCode::kAborted, reason,
      absl::StrCat("a write that began earlier is still under way: entry ", entry.id.text()));
  failure.retry_after = kAskAgain;
  return failure;
}

Failure Unresolved(const Entry& entry) {
  Failure failure;
  failure.code = absl::StatusCode::kUnknown;
  failure.outcome = Outcome::kUnknown;
  failure.reason = "IDEMPOTENCY_OUTCOME_UNKNOWN";
  failure.message = absl::StrCat(
      "the first call with this key may have happened, and it is not "
      "known yet whether it did: entry ",
      entry.id.text());
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

// The entry that a caller waited for has ended without having happened.
Failure Released(const Entry& entry) {
  return NotSent(absl::StatusCode::kAborted, "IDEMPOTENCY_RELEASED",
                 absl::StrCat("the earlier call with this key did not happen (",
                              entry.note.empty() ? "not sent or refused" : entry.note,
                              "); the key may be used again: entry ", entry.id.text()));
}

// Nothing of this call was sent. But where the entry cannot be read, an earlier one may have been.
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

Settlement SettlementOf(const Answer& answer, bool keeps_reply) {
  Settlement settlement;
  if (const auto* reply = std::get_if<mapping::Reply>(&answer.result)) {
    settlement.outcome = Settlement::kDone;
    if (keeps_reply) settlement.reply = reply->message;
    return settlement;
  }
  const auto& failure = std::get<Failure>(answer.result);
  settlement.note = failure.reason;
  switch (failure.outcome) {
    case Outcome::kNotSent:
      settlement.outcome = Settlement::kNotSent;
      break;
    case Outcome::kRefused:
      settlement.outcome = Settlement::kRefused;
      break;
    case Outcome::kUnknown:
      settlement.outcome = Settlement::kUnknown;
      break;
  }
  return settlement;
}

}  // namespace

KeyedWrite::KeyedWrite(LedgerInUse& ledger, Owner& owner, Terms terms,
                       absl::StatusOr<std::string> fingerprint)
    : ledger_(ledger),
      owner_(owner),
      terms_(std::move(terms)),
      fingerprint_(std::move(fingerprint)),
      has_key_(!terms_.scope.key.empty()),
      waiting_(std::make_shared<EntryWait>(*ledger.ledger)) {}

KeyedWrite::~KeyedWrite() = default;

void KeyedWrite::Begin() {
  if (!fingerprint_.ok()) return OnClaimFailed(fingerprint_.status());
  if (!has_key_) {
    auto made_up = ledger::EntryId::Make(absl::Now());
    if (!made_up.ok()) return OnClaimFailed(made_up.status());
    // No caller's key has a space in it.
    terms_.scope.key = absl::StrCat("no key ", made_up->text());
  }
  ledger_.ledger->Claim({.scope = terms_.scope,
                         .fingerprint = *fingerprint_,
                         .guard = terms_.guard,
                         .time_left = terms_.deadline - SteadyTime::Now()},
                        [this](absl::StatusOr<ClaimAnswer> answer) { OnClaim(std::move(answer)); });
}

void KeyedWrite::OnClaim(absl::StatusOr<ClaimAnswer> claimed) {
  if (!claimed.ok()) return OnClaimFailed(claimed.status());
  const Entry& entry = claimed->entry;
  switch (claimed->kind) {
    case ClaimAnswer::kClaimed:
      return OnClaimed(entry);
    case ClaimAnswer::kDone:
      return Replay(entry);
    case ClaimAnswer::kInProgress:
      return AwaitOther(entry);
    case ClaimAnswer::kUnknown:
      owner_.NoteEntry(entry.id.text(), false);
      return Fail(Unresolved(entry));
    case ClaimAnswer::kReused:
      return Fail(Reused());
    case ClaimAnswer::kGuarded:
      return Fail(Guarded(entry));
  }
}

void KeyedWrite::OnClaimed(const Entry& entry) {
  holding_ = {entry.id, entry.attempt};
  owner_.NoteEntry(entry.id.text(), false);
  owner_.Send();
}

void KeyedWrite::OnClaimFailed(const absl::Status& status) {
  // Whoever brings no key counts on nothing.
  if (!has_key_) return owner_.Send();
  Fail(NotClaimed(status));
}

void KeyedWrite::AwaitOther(const Entry& entry) {
  owner_.NoteEntry(entry.id.text(), false);
  waiting_->Begin(entry.id, terms_.deadline, [this, entry](absl::StatusOr<Entry> ended) {
    if (absl::IsCancelled(ended.status())) {
      return Fail(InProgress("IDEMPOTENCY_IN_PROGRESS", entry));
    }
    OnOther(ended);
  });
}

void KeyedWrite::OnOther(const absl::StatusOr<Entry>& entry) {
  if (!entry.ok()) return Fail(NotClaimed(entry.status()));
  switch (entry->state) {
    case State::kDone:
      return Replay(*entry);
    case State::kReleased:
    case State::kNotDone:
      return Fail(Released(*entry));
    case State::kIntent:
      return Fail(InProgress("IDEMPOTENCY_IN_PROGRESS", *entry));
    case State::kUnknown:
      return Fail(Unresolved(*entry));
  }
}

void KeyedWrite::Replay(const Entry& entry) {
  owner_.NoteEntry(entry.id.text(), true);
  owner_.Conclude({mapping::Reply{entry.reply.value_or(""), {}, ""}, 0, terms_.scope.store});
}

void KeyedWrite::Fail(Failure failure) {
  owner_.Conclude({std::move(failure), 0, terms_.scope.store});
}

void KeyedWrite::Finish(Answer answer) {
  if (holding_.attempt == 0) return owner_.Conclude(std::move(answer));
  Settlement settlement = SettlementOf(answer, terms_.keeps_reply);
  // Where the result cannot be written now, the ledger keeps it in memory, and the caller hears
  // what the upstream said: to withhold it would only make one more unknown.
  ledger_.ledger->Settle(holding_, std::move(settlement),
                         [this, answer = std::move(answer)](const absl::StatusOr<Entry>&) mutable {
                           owner_.Conclude(std::move(answer));
                         });
}

void KeyedWrite::Stop() { waiting_->CutShort(); }

}  // namespace gateway
