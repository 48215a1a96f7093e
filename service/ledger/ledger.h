// The ledger: what happened to each write with an idempotency key. A write whose outcome is unknown
// is not sent again, unless a second send does no harm (ClaimRequest::harmless_for). A lease (see
// TakeRequest) gives the right to find out the outcome, and not to send.
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
// store and guard can be claimed, whoever calls. An UNKNOWN holds the guard since its write may
// have happened. An INTENT holds it for two reasons: a caller that gives up and calls again with a
// new key would pay twice, and a second write must not change what was read for KeepBefore. Wait
// can wait for the end of an INTENT, but not of an UNKNOWN.
//
// Asynchrony. No function waits for a disk or a network. Each `done` is called one time, on a
// thread of the ledger, with no lock held, in the order in which the store did the work. It may
// call the ledger again. It should be short: the callbacks of one ledger follow one another.
//
// Find, FindKey and Wait give everything that is kept of the entry, and so does a Claim that is
// answered kClaimed or kDone. All other entries may lack `before` and `reply`, which are not
// decrypted for them.
//
// Errors, for every function:
//   UNAVAILABLE          the store cannot be read or written now; the message says why. After
//                        Claim: nothing is claimed, do not send.
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
  // The caller sends the entry's name to the upstream as the request's key. Entry::progress becomes
  // kSentUnderName, unless keeps_before is set. If an UNKNOWN is claimed again, Entry::progress
  // stays as it was: the second send must have the key of the first.
  bool sent_under_name = false;
  // How far back ClaimAnswer::recent goes. Zero: it stays empty.
  absl::Duration settle = absl::ZeroDuration();
  // How long after its first claim an UNKNOWN may be claimed again: within this time a second send
  // does no harm. The call has to end within this time too. Zero: never.
  absl::Duration harmless_for = absl::ZeroDuration();
};

inline constexpr absl::string_view kNotSentYet = "not sent yet";
inline constexpr absl::string_view kSentUnderName = "sent under its name";

struct ClaimAnswer {
  enum Kind {
    kClaimed,     // the claim is yours, and durable: send, then Settle. The entry is in doubt (see
                  // Release) if it was UNKNOWN
    kDone,        // the write happened; entry.reply is its reply, if that was kept
    kInProgress,  // another call holds the claim: Wait for its end
    kUnknown,     // the write may have happened: do not send
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
  bool done = false;  // true: the write happened; false: it did not
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

// The newest entry first. A page may be short, or empty, though a next page follows.
struct ListPage {
  std::vector<Entry> entries;
  std::string next_page_token;  // "": this is the last page
  size_t unreadable = 0;        // rows of this page that cannot be read, and are left out
};

// Asks for UNKNOWN entries whose look is due, and leases them: no other reader gets a leased entry
// until its lease ends. After that, the next look is due after a pause, which grows with each look.
struct TakeRequest {
  absl::Duration lease = absl::Seconds(30);
  size_t limit = 10;
  // Takes this entry alone, even before its look is due. Takes nothing while the entry is leased.
  std::optional<EntryId> id = {};
};

// Reports a look that did not find out the outcome. It ends the lease.
struct Postponement {
  Holding holding;
  std::string progress = {};  // kept for the next look
  std::string note = {};      // why it is still UNKNOWN
};

using WaitId = uint64_t;

struct LedgerStats {
  // By state. With PostgreSQL, DONE is an estimate of everything that has ended.
  std::map<State, int64_t> entries;
  std::optional<absl::Time> oldest_unknown;  // when the oldest UNKNOWN became UNKNOWN
  uint64_t commits = 0;
  uint64_t operations_committed = 0;  // of all commits together
  uint64_t failed_commits = 0;
  uint64_t unwritten = 0;  // results that wait in memory until the store can be written
  // Results DONE that arrived after the entry had become NOT_DONE or RELEASED, or had been claimed
  // again. A person has to look at each: money may have moved twice.
  uint64_t contradictions = 0;
  uint64_t bytes = 0;       // that the store takes up
  std::string unavailable;  // why the store cannot be written; "": it can be written
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // A caller that no longer wants its claim must settle it as kNotSent.
  virtual void Claim(ClaimRequest request, Done<ClaimAnswer> done) = 0;

  // Keeps `before`, which the caller has read from the upstream. Read it after the claim: from then
  // on the guard keeps others from changing it. Send the write only after `done` got OK.
  virtual void KeepBefore(Holding holding, std::string before, Done<Entry> done) = 0;

  // States the outcome of an attempt. It may come late: UNKNOWN may still become DONE or RELEASED,
  // and DONE never becomes anything else.
  //
  // UNAVAILABLE: the outcome is not durable. It is kept in memory and written as soon as the store
  // can be written. Until then the row is INTENT, and after a crash UNKNOWN: in both cases the
  // write is not sent a second time. Give the upstream's answer to the caller all the same, and say
  // that the ledger does not have it yet.
  virtual void Settle(Holding holding, Settlement settlement, Done<Entry> done) = 0;

  virtual void Find(EntryId id, Done<Entry> done) = 0;
  virtual void FindKey(Scope scope, Done<Entry> done) = 0;
  virtual void List(ListRequest request, Done<ListPage> done) = 0;

  // States the outcome of an UNKNOWN entry. Evidence that it happened also overrules NOT_DONE.
  virtual void Resolve(Resolution resolution, Done<Entry> done) = 0;

  // Calls `done` with the entry when it is no longer INTENT; at once if it is not INTENT now.
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
