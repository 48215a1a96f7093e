#include "service/call/keyed_write.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/call/keyed_refusals.h"

namespace gateway {
namespace {

using ledger::ClaimAnswer;
using ledger::Entry;
using ledger::Settlement;
using ledger::State;
using mapping::Failure;
using mapping::NotSent;
using mapping::Outcome;

// If less time than this is left, the write is not sent again.
constexpr absl::Duration kWorthSending = absl::Milliseconds(100);
constexpr int kNotFound = 404;

// Whether the upstream refuses to show this caller the resource, so that a repeat is useless.
bool NeverShows(const Failure& failure) {
  return failure.http_status == 401 || failure.http_status == 403 || failure.http_status == 404;
}

// For how long after its end a write may be missing from what a read shows.
absl::Duration SettleOf(const mapping::LookupPlan* lookup) {
  return lookup != nullptr && lookup->needs_before() ? lookup->settle : absl::ZeroDuration();
}

LedgerInUse::Said SaidOf(const ClaimAnswer& answer) {
  switch (answer.kind) {
    case ClaimAnswer::kClaimed:
      return answer.entry.release == ledger::Release::kInDoubt ? LedgerInUse::kSentAgain
                                                               : LedgerInUse::kSent;
    case ClaimAnswer::kDone:
      return LedgerInUse::kReplayed;
    case ClaimAnswer::kInProgress:
      return LedgerInUse::kInProgress;
    case ClaimAnswer::kUnknown:
      return LedgerInUse::kUnknown;
    case ClaimAnswer::kReused:
      return LedgerInUse::kKeyReused;
    case ClaimAnswer::kGuarded:
      return LedgerInUse::kGuarded;
  }
  return LedgerInUse::kUnavailable;
}

absl::string_view NameOf(const absl::StatusOr<Entry>& entry) {
  return entry.ok() ? ledger::Name(entry->state) : "failed";
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

KeyedWrite::KeyedWrite(LedgerInUse& ledger, Reconciler& reconciler, const Generation& generation,
                       Owner& owner, Terms terms, absl::StatusOr<std::string> fingerprint)
    : ledger_(ledger),
      reconciler_(reconciler),
      generation_(generation),
      owner_(owner),
      terms_(std::move(terms)),
      fingerprint_(std::move(fingerprint)),
      has_key_(!terms_.scope.key.empty()),
      waiting_(std::make_shared<EntryWait>(*ledger.ledger)) {}

KeyedWrite::~KeyedWrite() = default;

void KeyedWrite::Begin() {
  if (!fingerprint_.ok()) return OnClaimFailed(fingerprint_.status());
  if (terms_.scope.key.empty()) {
    auto made_up = ledger::EntryId::Make(absl::Now());
    if (!made_up.ok()) return OnClaimFailed(made_up.status());
    // It cannot equal a caller's key, because no caller's key has a space in it.
    terms_.scope.key = absl::StrCat("no key ", made_up->text());
  }
  step_ = SteadyTime::Now();
  ledger_.ledger->Claim({.scope = terms_.scope,
                         .fingerprint = *fingerprint_,
                         .guard = terms_.guard,
                         .time_left = terms_.deadline - SteadyTime::Now(),
                         .keeps_before = terms_.lookup != nullptr,
                         .sent_under_name = terms_.sends_key,
                         .settle = SettleOf(terms_.lookup),
                         .harmless_for = terms_.harmless_for},
                        [this](absl::StatusOr<ClaimAnswer> answer) { OnClaim(std::move(answer)); });
}

void KeyedWrite::OnClaim(absl::StatusOr<ClaimAnswer> claimed) {
  if (!claimed.ok()) return OnClaimFailed(claimed.status());
  const Entry& entry = claimed->entry;
  const LedgerInUse::Said said = SaidOf(*claimed);
  ledger_.claims.Count(said);
  owner_.NoteStep("claim", LedgerInUse::Name(said), step_);
  switch (claimed->kind) {
    case ClaimAnswer::kClaimed:
      return OnClaimed(*claimed);
    case ClaimAnswer::kDone:
      return Replay(entry);
    case ClaimAnswer::kInProgress:
      return AwaitOther(entry);
    case ClaimAnswer::kUnknown:
      return OnUnknown(entry);
    case ClaimAnswer::kReused:
      return Fail(refusal::Reused());
    case ClaimAnswer::kGuarded:
      return Fail(refusal::Guarded(entry));
  }
}

void KeyedWrite::OnClaimed(const ClaimAnswer& answer) {
  const Entry& entry = answer.entry;
  holding_ = {entry.id, entry.attempt};
  // A second send must carry the key of the first. An older version of the gateway may have sent
  // the first, and it passed the caller's key on.
  if (terms_.sends_key) {
    key_ = entry.progress == ledger::kSentUnderName ? entry.id.text() : terms_.scope.key;
  }
  in_doubt_ = entry.release == ledger::Release::kInDoubt;
  owner_.NoteEntry(entry.id.text(), false);
  // Not expected: the ledger does not grant such a claim, because a second send may do harm.
  if (in_doubt_ && terms_.harmless_for <= absl::ZeroDuration()) {
    return Finish({refusal::Unresolved(entry.id.text(), ""), 0, terms_.scope.store});
  }
  if (terms_.lookup == nullptr) return Send();
  recent_ = answer.recent;
  not_done_ = entry.before;
  memory_ = mapping::Ask(*terms_.lookup, terms_.request, {terms_.tenant_field, terms_.scope.store});
  if (!terms_.lookup->needs_before() && !not_done_) {
    return KeepBefore(mapping::WriteMemory(memory_));
  }
  step_ = SteadyTime::Now();
  // OnBefore may end the call, and destroy this object, before Read returns.
  const std::shared_ptr<BegunCall> read = reading_;
  read->Began(reconciler_.read_back().Read(
      generation_, *terms_.lookup, memory_.read_request, terms_.deadline,
      [this](const ReadBack::Result& result) { OnBefore(result); }));
}

void KeyedWrite::OnBefore(const ReadBack::Result& result) {
  reading_->Over();
  const auto* const reply = std::get_if<std::string>(&result);
  owner_.NoteStep("read before", reply != nullptr ? "read" : "failed", step_);
  if (reply != nullptr && not_done_ && !IsStillNotDone(*reply)) return;
  if (reply != nullptr && mapping::Remember(*terms_.lookup, *reply, memory_).ok()) {
    return KeepBefore(RememberRecent() ? mapping::WriteMemory(memory_) : "");
  }
  // The write goes on, though its outcome cannot be looked up, if the caller has sent no key and so
  // expects no protection. It also goes on if a repeated read would fail too, unless there is an
  // earlier attempt to compare with.
  const auto* const failure = std::get_if<Failure>(&result);
  const bool looks_in_vain = failure == nullptr || NeverShows(*failure);
  if ((looks_in_vain && !not_done_) || !has_key_) return KeepBefore("");
  GiveUp(failure == nullptr ? absl::StatusCode::kUnavailable : failure->code, "LOOKUP_FAILED",
         absl::StrCat("what was there before could not be read: ",
                      failure == nullptr ? "" : failure->message));
}

bool KeyedWrite::RememberRecent() {
  if (recent_.size() >= ledger::kMostRecent) return false;
  for (const Entry& entry : recent_) {
    if (!mapping::RememberMade(*terms_.lookup, entry.reply.value_or(""), memory_)) return false;
  }
  return true;
}

void KeyedWrite::Send() { owner_.Send(key_); }

// An earlier attempt was judged not to have happened. Returns true if this is still so. Returns
// false, and ends the write unsent, if something that fits has appeared since: the earlier attempt
// may have happened late.
bool KeyedWrite::IsStillNotDone(absl::string_view reply) {
  auto last = mapping::ReadMemory(*terms_.lookup, *not_done_);
  // If not_shown is set already, whoever judged that the attempt did not happen knew what had
  // appeared.
  if (!last.ok() || last->not_shown) return true;
  last->not_shown = true;
  const mapping::Verdict verdict =
      mapping::Judge(*terms_.lookup, *last, absl::InfiniteFuture(), reply);
  if (verdict.kind == mapping::Verdict::kAbsent) return true;
  if (verdict.kind == mapping::Verdict::kHappened) {
    Finish({mapping::Reply{verdict.reply.value_or(""), {}, ""}, 0, terms_.scope.store});
  } else {
    StayUnresolved(*last, verdict.reason);
  }
  return false;
}

// Keeps the earlier attempt's snapshot: a new snapshot would contain what has appeared since, and
// so hide that it is new.
void KeyedWrite::StayUnresolved(const mapping::LookupMemory& last, const std::string& reason) {
  step_ = SteadyTime::Now();
  ledger_.ledger->KeepBefore(
      holding_, mapping::WriteMemory(last), [this, reason](const absl::StatusOr<Entry>& kept) {
        // If this fails, the entry keeps its old snapshot, and the next attempt compares again.
        owner_.NoteStep("keep before", kept.ok() ? "kept" : "failed", step_);
        Finish({refusal::Unresolved(holding_.id.text(), reason), 0, terms_.scope.store});
      });
}

// Sends the write only after the snapshot is stored, as the claim promised (keeps_before).
void KeyedWrite::KeepBefore(std::string memory) {
  const bool is_last = memory.empty();
  step_ = SteadyTime::Now();
  ledger_.ledger->KeepBefore(
      holding_, std::move(memory), [this, is_last](const absl::StatusOr<Entry>& kept) {
        owner_.NoteStep("keep before", kept.ok() ? "kept" : "failed", step_);
        if (kept.ok()) return Send();
        // The snapshot is too large for the ledger: the write goes on without one.
        if (absl::IsInvalidArgument(kept.status()) && !is_last) return KeepBefore("");
        GiveUp(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE",
               absl::StrCat("the ledger cannot be written: ", kept.status().message()));
      });
}

// Ends a write that was claimed and not sent.
void KeyedWrite::GiveUp(absl::StatusCode code, absl::string_view reason,
                        absl::string_view message) {
  Finish({NotSent(code, reason, absl::StrCat("the write was not sent: ", message)), 0,
          terms_.scope.store});
}

void KeyedWrite::OnUnknown(const Entry& entry) {
  owner_.NoteEntry(entry.id.text(), false);
  if (terms_.lookup == nullptr || looked_)
    return Fail(refusal::Unresolved(entry.id.text(), entry.note));
  looked_ = true;
  step_ = SteadyTime::Now();
  // The result does not matter: the next claim returns what is known then.
  reconciler_.LookAt(entry.id, terms_.deadline, looking_,
                     [this](const absl::StatusOr<Entry>& looked) {
                       owner_.NoteStep("look", NameOf(looked), step_);
                       Begin();
                     });
}

void KeyedWrite::OnClaimFailed(const absl::Status& status) {
  ledger_.claims.Count(LedgerInUse::kUnavailable);
  owner_.NoteStep("claim", LedgerInUse::Name(LedgerInUse::kUnavailable), step_);
  // A caller without a key expects no protection, so its write goes on if the ledger is
  // unavailable. After any other error the write is refused: an entry that cannot be read may hold
  // the guard.
  if (!has_key_ && !first_answer_ && absl::IsUnavailable(status)) return Send();
  Fail(refusal::NotClaimed(status));
}

void KeyedWrite::AwaitOther(const Entry& entry) {
  owner_.NoteEntry(entry.id.text(), false);
  step_ = SteadyTime::Now();
  waiting_->Begin(entry.id, terms_.deadline, [this, entry](absl::StatusOr<Entry> ended) {
    owner_.NoteStep("wait", NameOf(ended), step_);
    if (absl::IsCancelled(ended.status())) {
      return Fail(refusal::InProgress("IDEMPOTENCY_IN_PROGRESS", entry));
    }
    OnOther(ended);
  });
}

void KeyedWrite::OnOther(const absl::StatusOr<Entry>& entry) {
  if (!entry.ok()) return Fail(refusal::NotClaimed(entry.status()));
  switch (entry->state) {
    case State::kDone:
      return Replay(*entry);
    case State::kReleased:
    case State::kNotDone:
      return Fail(refusal::Released(*entry));
    case State::kIntent:
      return Fail(refusal::InProgress("IDEMPOTENCY_IN_PROGRESS", *entry));
    case State::kUnknown:
      return Fail(refusal::Unresolved(entry->id.text(), entry->note));
  }
}

void KeyedWrite::Replay(const Entry& entry) {
  owner_.NoteEntry(entry.id.text(), true);
  owner_.Conclude({mapping::Reply{entry.reply.value_or(""), {}, ""}, 0, terms_.scope.store});
}

// A refusal tells of this claim. If the call has sent its write before, the answer to that counts:
// the write may have happened.
void KeyedWrite::Fail(Failure failure) {
  if (first_answer_) return owner_.Conclude(*std::move(first_answer_));
  owner_.Conclude({std::move(failure), 0, terms_.scope.store});
}

void KeyedWrite::Finish(Answer answer) {
  if (holding_.attempt == 0) return owner_.Conclude(std::move(answer));
  if (in_doubt_) answer = InDoubt(std::move(answer));
  Settlement settlement = SettlementOf(answer, terms_.keeps_reply);
  // If the result cannot be written now, the ledger keeps it in memory, and the caller still gets
  // the upstream's answer: without the answer, the caller would not know the outcome either.
  step_ = SteadyTime::Now();
  ledger_.ledger->Settle(
      holding_, std::move(settlement),
      [this, answer = std::move(answer)](const absl::StatusOr<Entry>& settled) mutable {
        owner_.NoteStep("settle", NameOf(settled), step_);
        if (!settled.ok() || !SendsAgain(answer)) return owner_.Conclude(std::move(answer));
        first_answer_ = std::move(answer);
        Begin();
      });
}

bool KeyedWrite::SendsAgain(const Answer& answer) const {
  const auto* const failure = std::get_if<Failure>(&answer.result);
  return failure != nullptr && failure->outcome == Outcome::kUnknown &&
         failure->code != absl::StatusCode::kCancelled && !in_doubt_ && !first_answer_ &&
         terms_.harmless_for > absl::ZeroDuration() &&
         SteadyTime::Now() + kWorthSending < terms_.deadline;
}

Answer KeyedWrite::InDoubt(Answer answer) const {
  const auto* const failure = std::get_if<Failure>(&answer.result);
  if (failure == nullptr) return answer;
  if (terms_.not_found_is_done && answer.http_status == kNotFound) {
    answer.result = mapping::Reply{"", {}, ""};
    return answer;
  }
  answer.result = refusal::Unresolved(
      holding_.id.text(), absl::StrCat("sent again: ", failure->reason, " ", failure->message));
  return answer;
}

void KeyedWrite::Stop() {
  reading_->Stop();
  looking_->Stop();
  waiting_->CutShort();
}

}  // namespace gateway
