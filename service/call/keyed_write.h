// A write that the ledger records, from the moment when its request is ready to its answer:
//
//   Begin: claim --claimed--> (look before) --> Owner::Send ... Finish(answer): settle
//            |                                                     --> Owner::Conclude
//            |--done--------> Owner::Conclude with the reply that was kept
//            |--in progress-> wait, until shortly before the deadline, and answer with its result
//            |--unknown-----> (look now) and claim again, or Owner::Conclude with `unknown`
//            '--anything else: Owner::Conclude with the reason; nothing is sent
//
// If the proto has a lookup, the upstream is read before the write, the result is kept with the
// claim, and an unknown outcome is looked up. If a second send does no harm, a write of unknown
// outcome is claimed and sent again: at once, and when its caller repeats it.
//
// The claim is durable before Send, and the result before Conclude. If an operation has a guard, a
// write without a key is recorded too, under a key that no caller can repeat. Then another write of
// this kind on the same resource is refused until the outcome is known. If the ledger cannot be
// written, a write without a key is sent without a claim, and a write with a key is refused. A call
// that has sent its write, and cannot send it again, is answered with the outcome of its first
// send: unknown.
//
// Thread-safety: Stop may be called at any time, from any thread; the other functions are called
// one after another. Lifetime: a member of its call. Its last action is Owner::Conclude.
#ifndef SERVICE_CALL_KEYED_WRITE_H_
#define SERVICE_CALL_KEYED_WRITE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/call/entry_wait.h"
#include "service/generation/generation.h"
#include "service/generation/ledger_in_use.h"
#include "service/ledger/ledger.h"
#include "service/reconcile/read_back.h"
#include "service/reconcile/reconciler.h"
#include "upstream/begun_call.h"
#include "upstream/mapping/once/lookup.h"
#include "upstream/pending_call.h"
#include "upstream/steady_time.h"

namespace gateway {

class KeyedWrite {
 public:
  // The call that the write belongs to.
  class Owner {
   public:
    // The write is claimed: send it, and pass its answer to Finish. `key` is the idempotency key
    // for an upstream that heeds keys; "" means none.
    virtual void Send(const std::string& key) = 0;
    // Ends the call with this answer.
    virtual void Conclude(Answer answer) = 0;
    // Names the entry that records the write. `replayed`: the reply is the one that the entry
    // keeps.
    virtual void NoteEntry(const std::string& entry, bool replayed) = 0;
    // `step`, such as "claim" or "read before", took from `begun` until now, with the result
    // `said`.
    virtual void NoteStep(absl::string_view step, absl::string_view said, SteadyTime begun) = 0;

   protected:
    ~Owner() = default;
  };

  struct Terms {
    ledger::Scope scope;  // its key is empty if the caller sent none
    std::string guard;
    SteadyTime deadline;
    bool keeps_reply = true;  // false for replies that carry credentials
    // Null if the outcome cannot be looked up. Only the lookup uses `request`, which is serialized,
    // and `tenant_field`, the field of `request` that names the store.
    const mapping::LookupPlan* lookup = nullptr;
    std::string request = {};
    std::string tenant_field = {};
    // The upstream heeds keys. It gets the entry's id as the key, because two callers may happen to
    // use the same key.
    bool sends_key = false;
    // For how long after its first claim the write may be sent again; zero: never.
    absl::Duration harmless_for = absl::ZeroDuration();
    // A DELETE: if it is sent again and answered with 404, the first attempt has happened.
    bool not_found_is_done = false;
  };

  // `generation`: the generation that the call uses.
  KeyedWrite(LedgerInUse& ledger, Reconciler& reconciler, const Generation& generation,
             Owner& owner, Terms terms, absl::StatusOr<std::string> fingerprint);
  ~KeyedWrite();
  KeyedWrite(const KeyedWrite&) = delete;
  KeyedWrite& operator=(const KeyedWrite&) = delete;

  void Begin();
  void Finish(Answer answer);
  // Stops waiting: the caller is gone, or the gateway stops.
  void Stop();

 private:
  void OnClaim(absl::StatusOr<ledger::ClaimAnswer> claimed);
  void OnClaimed(const ledger::ClaimAnswer& answer);
  void OnClaimFailed(const absl::Status& status);
  void OnBefore(const ReadBack::Result& result);
  bool IsStillNotDone(absl::string_view reply);
  void StayUnresolved(const mapping::LookupMemory& last, const std::string& reason);
  // Adds to memory_ the writes that ended so recently that the read may not show them yet. Returns
  // false if there are too many, or if a reply cannot be used: then memory_ is incomplete.
  bool RememberRecent();
  // `memory` is "" if it is not known what was there before the write.
  void KeepBefore(std::string memory);
  void Send();
  void GiveUp(absl::StatusCode code, absl::string_view reason, absl::string_view message);
  void OnUnknown(const ledger::Entry& entry);
  void AwaitOther(const ledger::Entry& entry);
  // The entry of the other call is no longer INTENT, or the wait has failed.
  void OnOther(const absl::StatusOr<ledger::Entry>& entry);
  bool SendsAgain(const Answer& answer) const;
  // Interprets the answer to a write that may have happened in an earlier attempt.
  Answer InDoubt(Answer answer) const;
  void Replay(const ledger::Entry& entry);
  // Ends the call without having claimed.
  void Fail(mapping::Failure failure);

  LedgerInUse& ledger_;
  Reconciler& reconciler_;
  const Generation& generation_;
  Owner& owner_;
  Terms terms_;
  absl::StatusOr<std::string> fingerprint_;
  const bool has_key_;
  SteadyTime step_;                     // when the current step began
  ledger::Holding holding_;             // its attempt is 0 until the claim
  std::string key_;                     // for the upstream
  std::vector<ledger::Entry> recent_;   // ClaimAnswer::recent
  bool in_doubt_ = false;               // an earlier attempt may have happened
  std::optional<Answer> first_answer_;  // of a write that this call sends again
  bool looked_ = false;
  mapping::LookupMemory memory_;
  std::optional<std::string> not_done_;  // the snapshot of an attempt judged not done
  const std::shared_ptr<BegunCall> reading_ = std::make_shared<BegunCall>();
  const std::shared_ptr<BegunCall> looking_ = std::make_shared<BegunCall>();
  std::shared_ptr<EntryWait> waiting_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_KEYED_WRITE_H_
