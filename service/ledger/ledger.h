// The ledger: what happened to each write with an idempotency key. A lease here buys an answer,
// never a second send: whoever does not know whether a request went out does not send it again.
//
//   Claim ---- kClaimed ----> (KeepBefore) ----> send ----> Settle
//     |                                              INTENT and result are durable before `done`
//     '-- anything else: do not send; the answer says what is known
//
//   ledger.Claim({.scope = scope, .fingerprint = print, .time_left = absl::Seconds(10)},
//                [&](absl::StatusOr<ClaimAnswer> answer) {
//                  if (answer.ok() && answer->kind == ClaimAnswer::kClaimed) Send(...);
//                });
//
// Guards. While an entry with a guard is INTENT or UNKNOWN, no other entry of the same upstream,
// store and guard can be claimed, whoever calls. UNKNOWN excludes since the write may have
// happened. INTENT excludes too, for every guard, for two reasons: a caller that gives up and comes
// again with a new key would pay twice, and what KeepBefore reads must not change under a second
// write of the same kind. A guard held by an INTENT can be waited for; one held by an UNKNOWN
// cannot.
//
// Asynchrony. No function waits for a disk or a network. Each `done` is called one time, on a
// thread of the ledger, with no lock held, in the order in which the store did the work. It may
// call the ledger again. It should be short: the callbacks of one ledger follow one another.
//
// What Claim, Find, FindKey and Wait give has everything that is kept of the entry. What the others
// give may lack `before` and `reply`: they do not decrypt what nobody asked for.
//
// Errors, for every function:
//   UNAVAILABLE          the store cannot be read or written now; the message says why. After
//   Claim:
//                        nothing is claimed, do not send.
//   DATA_LOSS            the stored row cannot be read or decrypted. It is never taken for absent.
//   NOT_FOUND            there is no such entry.
//   FAILED_PRECONDITION  the entry is in another state than the call assumes.
//   ABORTED              another attempt of the entry has begun.
//   INVALID_ARGUMENT     the request is wrong.
//
// Thread-safety: may be called from any thread. Lifetime: the destructor finishes what was asked,
// as far as the store can be written, and calls every `done`; a wait ends with CANCELLED.
#ifndef SERVICE_LEDGER_LEDGER_H_
#define SERVICE_LEDGER_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/ledger/entry.h"

namespace gateway::ledger {

template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

struct ClaimRequest {
  Scope scope;
  std::string fingerprint = {};
  std::string guard = {};
  // The time until the call ends at the latest. With PostgreSQL, the INTENT becomes UNKNOWN some
  // time after that.
  absl::Duration time_left = absl::ZeroDuration();
  // The caller promises to call KeepBefore before it sends. So if the entry is UNKNOWN and
  // Entry::progress is kNotSentYet, the write did not happen.
  bool keeps_before = false;
  // The caller sends the entry's name to the upstream as the request's key, and Entry::progress is
  // kSentUnderName. An UNKNOWN that was sent under another key keeps that key, without
  // kSentUnderName.
  bool sent_under_name = false;
  // How far back ClaimAnswer::recent goes. Zero: it stays empty.
  absl::Duration settle = absl::ZeroDuration();
  // How long after its first claim an UNKNOWN may be claimed again, if the call ends within that
  // time, because a second send does no harm. Zero: never.
  absl::Duration harmless_for = absl::ZeroDuration();
};

inline constexpr absl::string_view kNotSentYet = "not sent yet";
inline constexpr absl::string_view kSentUnderName = "sent under its name";

struct ClaimAnswer {
  enum Kind {
    kClaimed,     // it is yours, and durable: send, then Settle. The entry is in doubt (see
                  // Release) if it was UNKNOWN
    kDone,        // it happened: entry.reply, or that alone
    kInProgress,  // another call holds it: Wait for its end
    kUnknown,     // it may have happened: do not send
    kReused,      // the key is bound to another request
    kGuarded,     // `entry`, INTENT or UNKNOWN, holds the guard; it may be another caller's:
                  // show its id, nothing else
  };
  Kind kind;
  // `before`: what was kept for an earlier attempt that was found NOT_DONE, if nothing was sent
  // since.
  Entry entry;
  // With kClaimed and a guard: the entries that held the guard and became DONE within
  // ClaimRequest::settle, newest first, at most kMostRecent. The upstream may not show yet what
  // they did. An entry whose reply cannot be decrypted comes without it.
  std::vector<Entry> recent = {};
  // With kClaimed: the store's own number of this claim.
  int64_t claim = 0;
};
inline constexpr size_t kMostRecent = 100;

// A claim that was granted: the right and the duty to settle.
struct Holding {
  EntryId id;
  int64_t attempt = 0;
};

struct Settlement {
  enum Outcome { kDone, kNotSent, kRefused, kUnknown };
  Outcome outcome = kUnknown;
  // Set for kDone. Left out if it must not be kept, for example because it carries credentials.
  std::optional<std::string> reply = {};
  std::string note = {};
};

struct Resolution {
  EntryId id = {};
  // The attempt that the evidence is about; 0: the present attempt, whichever it is.
  int64_t attempt = 0;
  bool done = false;  // it happened; else it did not
  std::optional<std::string> reply = {};
  std::string reason = {};    // required
  std::string resolver = {};  // required: the operator, "reconciler", "webhook"
};

struct ListRequest {
  std::optional<State> state = {};
  std::string upstream = {};                      // "": all
  std::optional<std::string> store = {};          // absent: all
  absl::Duration min_age = absl::ZeroDuration();  // since the entry got its state
  size_t page_size = 100;                         // at most 1000
  std::string page_token = {};
};

// The newest first. A page may be short, or empty, though there is a next one.
struct ListPage {
  std::vector<Entry> entries;
  std::string next_page_token;  // "": that was all
  size_t unreadable = 0;        // rows of this page that cannot be read, and are left out
};

// UNKNOWN entries for one reader at a time. Those of a lease are given to nobody else until it
// ends; then their next look is due after a pause that grows with each look.
struct TakeRequest {
  absl::Duration lease = absl::Seconds(30);
  size_t limit = 10;
  // Takes this entry alone, even before its look is due. Takes nothing while the entry is leased.
  std::optional<EntryId> id = {};
};

// A look that brought no verdict. It ends the lease.
struct Postponement {
  Holding holding;
  std::string progress = {};  // kept for the next look
  std::string note = {};      // why it is still UNKNOWN
};

using WaitId = uint64_t;

struct LedgerStats {
  // By state. With PostgreSQL, DONE is an estimate of everything that has ended.
  std::map<State, int64_t> entries;
  std::optional<absl::Time> oldest_unknown;  // when it became so
  uint64_t commits = 0;
  uint64_t operations_committed = 0;  // per commit: operations_committed / commits
  uint64_t failed_commits = 0;
  uint64_t unwritten = 0;  // results that wait in memory until the store can be written
  // Results that arrived after the entry was found NOT_DONE, or had been claimed again. Each needs
  // a person: money may have moved twice.
  uint64_t contradictions = 0;
  uint64_t bytes = 0;       // that the store takes
  std::string unavailable;  // why it cannot be written; "": it can
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // A caller that no longer wants its claim must settle it as kNotSent.
  virtual void Claim(ClaimRequest request, Done<ClaimAnswer> done) = 0;

  // Keeps what was read before the send, while the INTENT is held. Read it after the claim: only
  // then does the guard keep others from changing it. Send after `done` says OK.
  virtual void KeepBefore(Holding holding, std::string before, Done<Entry> done) = 0;

  // States the outcome of an attempt. It may come late: UNKNOWN may still become DONE or RELEASED,
  // and DONE never becomes anything else.
  //
  // UNAVAILABLE: the outcome is not durable. It is kept in memory and written as soon as the store
  // can be written; until then the row is INTENT, and after a crash UNKNOWN, so it is not sent a
  // second time either way. Give the caller the upstream's answer, and tell it that the ledger does
  // not have it yet: to withhold what is known would only make one more unknown.
  virtual void Settle(Holding holding, Settlement settlement, Done<Entry> done) = 0;

  virtual void Find(EntryId id, Done<Entry> done) = 0;
  virtual void FindKey(Scope scope, Done<Entry> done) = 0;
  virtual void List(ListRequest request, Done<ListPage> done) = 0;

  // States the outcome of an UNKNOWN entry. Evidence that it happened also overrules NOT_DONE.
  virtual void Resolve(Resolution resolution, Done<Entry> done) = 0;

  // Tells when the entry is no longer INTENT; at once if it is not.
  virtual WaitId Wait(EntryId id, Done<Entry> done) = 0;
  // Ends the wait with CANCELLED, unless it has ended already.
  virtual void CancelWait(WaitId wait) = 0;

  virtual void Take(TakeRequest request, Done<std::vector<Entry>> done) = 0;
  virtual void Postpone(Postponement postponement, Done<Entry> done) = 0;

  // Does one small batch of housekeeping now: overdue INTENTs, and replies and tombstones whose
  // time is over. The store also does it by itself. Returns how many entries it touched.
  virtual void Tend(Done<int64_t> done) = 0;

  virtual LedgerStats stats() const = 0;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_LEDGER_H_
