// A write that the ledger keeps, between the moment when its request is ready and its answer:
//
//   Begin: claim --claimed--> Owner::Send ... Finish(answer): settle --> Owner::Conclude
//            |--done--------> Owner::Conclude with the reply that was kept
//            |--in progress-> wait, until shortly before the deadline, and answer with its result
//            '--anything else: Owner::Conclude with the reason; nothing is sent
//
// The claim is durable before Send, the result before Conclude. A write without a key of its own
// is kept too where its operation has a guard: under a key that nobody can repeat, so that another
// write of the same kind on the same resource waits for its outcome. Where the ledger cannot be
// written such a write goes on, and one with a key is refused.
//
// Thread-safety: Stop may come at any time, from any thread; everything else follows one another.
// Lifetime: a part of its call. Conclude is the last that it does.
#ifndef SERVICE_CALL_KEYED_WRITE_H_
#define SERVICE_CALL_KEYED_WRITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/call/entry_wait.h"
#include "service/generation/ledger_in_use.h"
#include "service/ledger/ledger.h"
#include "upstream/pending_call.h"
#include "upstream/steady_time.h"

namespace gateway {

class KeyedWrite {
 public:
  // The call that the write belongs to.
  class Owner {
   public:
    // The write is claimed: send it, and give its answer to Finish.
    virtual void Send() = 0;
    // The call's answer.
    virtual void Conclude(Answer answer) = 0;
    // The entry that keeps the write, once it is known; `replayed`: its reply is a kept one.
    virtual void NoteEntry(const std::string& entry, bool replayed) = 0;

   protected:
    ~Owner() = default;
  };

  struct Terms {
    ledger::Scope scope;  // without a key: the caller brought none
    std::string guard;
    SteadyTime deadline;
    bool keeps_reply = true;  // false for replies that carry credentials
  };

  KeyedWrite(LedgerInUse& ledger, Owner& owner, Terms terms,
             absl::StatusOr<std::string> fingerprint);
  ~KeyedWrite();
  KeyedWrite(const KeyedWrite&) = delete;
  KeyedWrite& operator=(const KeyedWrite&) = delete;

  void Begin();
  void Finish(Answer answer);
  // The caller is gone, or the gateway stops.
  void Stop();

 private:
  void OnClaim(absl::StatusOr<ledger::ClaimAnswer> claimed);
  void OnClaimed(const ledger::Entry& entry);
  void OnClaimFailed(const absl::Status& status);
  void AwaitOther(const ledger::Entry& entry);
  // `entry` is not INTENT any more, or the wait is over.
  void OnOther(const absl::StatusOr<ledger::Entry>& entry);
  void Replay(const ledger::Entry& entry);
  void Fail(mapping::Failure failure);

  LedgerInUse& ledger_;
  Owner& owner_;
  Terms terms_;
  absl::StatusOr<std::string> fingerprint_;
  const bool has_key_;
  ledger::Holding holding_;  // once claimed
  std::shared_ptr<EntryWait> waiting_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_KEYED_WRITE_H_
