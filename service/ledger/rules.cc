#include "service/ledger/rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

constexpr size_t kMaxText = 4096;
constexpr size_t kMaxBefore = size_t{1} << 20;
// 2^20 seconds are more than any pause.
constexpr int64_t kMostDoublings = 20;

absl::Status TooLong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " is longer than ", kMaxText, " bytes"));
}

absl::Status WrongState(const Row& row) {
  return absl::FailedPreconditionError(absl::StrCat("the entry is ", Name(row.entry.state)));
}

absl::Status CheckAttempt(int64_t attempt, const Row& row) {
  if (attempt == row.entry.attempt) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("the entry is at attempt ", row.entry.attempt));
}

void EnterState(State state, absl::Time now, Row& row) {
  row.entry.state = state;
  row.entry.changed = now;
  const bool open = state == State::kIntent || state == State::kUnknown;
  if (!open) row.entry.release = Release::kNone;
  row.kept = open ? Kept::kOpen : Kept::kWhole;
  row.leased_until = absl::UnixEpoch();
  // The snapshot is needed only to find out the outcome, which is known now. A NOT_DONE keeps the
  // snapshot until the write is sent again: before that, the upstream is read once more.
  if (!open && state != State::kNotDone) row.sealed_before.reset();
}

std::string Cut(absl::string_view text) { return std::string(text.substr(0, kMaxText)); }

// A reply that is too long is not kept. The entry is DONE all the same; a repeated call gets no
// body.
absl::Status KeepReply(const Options& options, const std::optional<std::string>& reply, Row& row) {
  if (!reply || reply->size() > options.max_reply_bytes) return absl::OkStatus();
  return SealReply(*options.cipher, *reply, row);
}

Changed BecomeDone(const Options& options, const std::optional<std::string>& reply,
                   absl::string_view note, absl::Time now, Row& row) {
  EnterState(State::kDone, now, row);
  row.entry.note = Cut(note);
  if (const absl::Status kept = KeepReply(options, reply, row); !kept.ok()) return kept;
  return true;
}

Changed BecomeReleased(const Settlement& settlement, absl::Time now, Row& row) {
  if (row.entry.release == Release::kInDoubt) {
    if (row.entry.state == State::kUnknown) return false;
    BecomeUnknown(settlement.note, now, row);
    return true;
  }
  // If nothing was sent, the snapshot of an earlier attempt that was found NOT_DONE is still valid.
  std::optional<std::string> before;
  if (row.entry.progress == kNotSentYet) before = std::move(row.sealed_before);
  EnterState(State::kReleased, now, row);
  row.sealed_before = std::move(before);
  row.entry.release =
      settlement.outcome == Settlement::kRefused ? Release::kRefused : Release::kNotSent;
  row.entry.note = Cut(settlement.note);
  return true;
}

absl::string_view ProgressOf(const ClaimRequest& request) {
  if (request.keeps_before) return kNotSentYet;
  return request.sent_under_name ? kSentUnderName : "";
}

// Returns false if the clock was set back since the first claim, before the entry became UNKNOWN or
// after it: then it is not known how long ago the first claim was.
bool MayBeClaimedAgain(const Row& row, const ClaimRequest& request, absl::Time now) {
  return request.harmless_for > absl::ZeroDuration() && now >= row.entry.created &&
         now >= row.entry.changed &&
         now + request.time_left <= row.entry.created + request.harmless_for;
}

}  // namespace

absl::Status Check(const ClaimRequest& request) {
  const Scope& scope = request.scope;
  for (const std::string* const text : {&scope.identity, &scope.upstream, &scope.store, &scope.rpc,
                                        &scope.key, &request.guard, &request.fingerprint}) {
    if (text->size() > kMaxText) return TooLong("a part of the claim");
  }
  if (scope.key.empty()) return absl::InvalidArgumentError("the claim has no key");
  if (request.fingerprint.empty())
    return absl::InvalidArgumentError("the claim has no fingerprint");
  return absl::OkStatus();
}

absl::Status Check(const Resolution& resolution) {
  if (resolution.reason.empty() || resolution.resolver.empty()) {
    return absl::InvalidArgumentError("a resolution needs a reason, and whoever states it");
  }
  if (resolution.reason.size() > kMaxText) return TooLong("the reason");
  if (resolution.resolver.size() > kMaxText) return TooLong("the resolver");
  return absl::OkStatus();
}

Row NewRow(const ClaimRequest& request, EntryId id, int64_t claim, absl::Time now) {
  Row row;
  row.entry.id = std::move(id);
  row.entry.scope = request.scope;
  row.entry.scope.key.clear();
  row.scope_digest = DigestOf(request.scope);
  row.entry.fingerprint = request.fingerprint;
  row.entry.created = now;
  ClaimAgain(request, claim, now, row);
  return row;
}

ClaimAnswer::Kind JudgeClaim(const Row& row, const ClaimRequest& request, absl::Time now) {
  if (row.entry.fingerprint != request.fingerprint) return ClaimAnswer::kReused;
  switch (row.entry.state) {
    case State::kIntent:
      return ClaimAnswer::kInProgress;
    case State::kDone:
      return ClaimAnswer::kDone;
    case State::kUnknown:
      return MayBeClaimedAgain(row, request, now) ? ClaimAnswer::kClaimed : ClaimAnswer::kUnknown;
    case State::kReleased:
    case State::kNotDone:
      return ClaimAnswer::kClaimed;
  }
  return ClaimAnswer::kUnknown;
}

void ClaimAgain(const ClaimRequest& request, int64_t claim, absl::Time now, Row& row) {
  const bool in_doubt = row.entry.state == State::kUnknown;
  EnterState(State::kIntent, now, row);
  row.entry.release = in_doubt ? Release::kInDoubt : Release::kNone;
  ++row.entry.attempt;
  row.entry.guard = request.guard;
  row.entry.deadline = now + std::min(request.time_left, absl::Hours(24));
  row.entry.note.clear();
  row.entry.resolver.clear();
  // A second send does no harm only under the same key, so an attempt in doubt keeps the key of the
  // first.
  if (!in_doubt) row.entry.progress = std::string(ProgressOf(request));
  row.entry.looks = 0;
  row.claim = claim;
  // A caller that does not read first cannot use the snapshot of an earlier attempt.
  if (!request.keeps_before) row.sealed_before.reset();
  row.sealed_reply.reset();
}

Changed ApplyBefore(const Options& options, const Holding& holding, absl::string_view before,
                    Row& row) {
  if (const absl::Status attempt = CheckAttempt(holding.attempt, row); !attempt.ok()) {
    return attempt;
  }
  if (row.entry.state != State::kIntent) return WrongState(row);
  if (before.size() > kMaxBefore) return absl::InvalidArgumentError("the snapshot is too long");
  if (const absl::Status sealed = SealBefore(*options.cipher, before, row); !sealed.ok()) {
    return sealed;
  }
  row.entry.progress.clear();
  return true;
}

Changed ApplySettle(const Options& options, const Holding& holding, const Settlement& settlement,
                    absl::Time now, Row& row) {
  if (const absl::Status attempt = CheckAttempt(holding.attempt, row); !attempt.ok()) {
    return attempt;
  }
  const State state = row.entry.state;
  const bool open = state == State::kIntent || state == State::kUnknown;
  switch (settlement.outcome) {
    case Settlement::kDone:
      // An entry that became DONE by Resolve may not have its reply yet.
      if (state == State::kDone && (row.sealed_reply || row.kept == Kept::kTombstone)) return false;
      if (state == State::kDone) {
        if (const absl::Status kept = KeepReply(options, settlement.reply, row); !kept.ok()) {
          return kept;
        }
        return row.sealed_reply.has_value();
      }
      return BecomeDone(options, settlement.reply, settlement.note, now, row);
    case Settlement::kNotSent:
    case Settlement::kRefused:
      if (open) return BecomeReleased(settlement, now, row);
      if (state == State::kDone) return WrongState(row);
      return false;
    case Settlement::kUnknown:
      if (state == State::kIntent) {
        BecomeUnknown(settlement.note, now, row);
        return true;
      }
      if (state == State::kUnknown || state == State::kNotDone) return false;
      return WrongState(row);
  }
  return absl::InvalidArgumentError("no such outcome");
}

Changed ApplyTakeBack(const Options& options, const Abandoned& abandoned, absl::Time now,
                      Row& row) {
  const bool is_ours = row.entry.state == State::kIntent && row.claim == abandoned.claim &&
                       row.entry.attempt == abandoned.holding.attempt;
  if (!is_ours) return false;
  const Settlement not_sent{Settlement::kNotSent, {}, "the claim could not be made durable"};
  return ApplySettle(options, abandoned.holding, not_sent, now, row);
}

Changed ApplyResolve(const Options& options, const Resolution& resolution, absl::Time now,
                     Row& row) {
  if (resolution.attempt != 0) {
    if (const absl::Status attempt = CheckAttempt(resolution.attempt, row); !attempt.ok()) {
      return attempt;
    }
  }
  const State state = row.entry.state;
  if (state == (resolution.done ? State::kDone : State::kNotDone)) return false;
  const bool overrules = state == State::kNotDone && resolution.done;
  if (state != State::kUnknown && !overrules) return WrongState(row);
  row.entry.resolver = resolution.resolver;
  if (resolution.done) return BecomeDone(options, resolution.reply, resolution.reason, now, row);
  EnterState(State::kNotDone, now, row);
  row.entry.note = resolution.reason;
  return true;
}

Changed ApplyPostpone(const Options& options, const Postponement& postponement, absl::Time now,
                      Row& row) {
  if (const absl::Status attempt = CheckAttempt(postponement.holding.attempt, row); !attempt.ok()) {
    return attempt;
  }
  if (row.entry.state != State::kUnknown) return WrongState(row);
  row.entry.progress = Cut(postponement.progress);
  row.entry.note = Cut(postponement.note);
  row.leased_until = absl::UnixEpoch();
  row.next_look =
      now + std::min(options.max_pause,
                     options.first_pause * (int64_t{1} << std::clamp<int64_t>(row.entry.looks - 1,
                                                                              0, kMostDoublings)));
  return true;
}

void BecomeUnknown(absl::string_view note, absl::Time now, Row& row) {
  EnterState(State::kUnknown, now, row);
  // EnterState keeps the snapshot: it is needed from now on.
  row.entry.note = Cut(note);
  row.next_look = now;
}

std::vector<Entry> RecentOf(const Options& options, const std::vector<Row>& rows) {
  std::vector<Entry> recent;
  for (const Row& row : rows) {
    if (row.entry.state != State::kDone) continue;
    absl::StatusOr<Entry> entry = OpenEntry(*options.cipher, row);
    recent.push_back(entry.ok() ? *std::move(entry) : row.entry);
  }
  return recent;
}

bool IsLeased(const Row& row, absl::Time now) {
  return row.leased_until > now && row.leased_until <= now + kMaxLease;
}

void Lease(const Options& options, const TakeRequest& request, absl::Time now, Row& row) {
  row.leased_until = now + std::clamp(request.lease, absl::Seconds(1), kMaxLease);
  // A look that was asked for by name must not postpone the scheduled looks.
  if (!request.id) ++row.entry.looks;
  // Applies if the reader never comes back. Postpone sets a better time.
  row.next_look = row.leased_until + options.first_pause;
}

bool IsContradiction(const Holding& holding, const Settlement& settlement, const Row& row) {
  if (settlement.outcome != Settlement::kDone) return false;
  return holding.attempt < row.entry.attempt || row.entry.state == State::kNotDone ||
         row.entry.state == State::kReleased;
}

}  // namespace gateway::ledger
