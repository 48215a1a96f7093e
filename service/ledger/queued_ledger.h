// The part of a ledger that both stores share: every function puts an Operation into the store's
// queue and returns.
//
// Thread-safety: as Ledger. A store implements Enqueue.
#ifndef SERVICE_LEDGER_QUEUED_LEDGER_H_
#define SERVICE_LEDGER_QUEUED_LEDGER_H_

#include <atomic>
#include <string>
#include <vector>

#include "service/ledger/ledger.h"
#include "service/ledger/operation.h"

namespace gateway::ledger {

class QueuedLedger : public Ledger {
 public:
  void Claim(ClaimRequest request, Done<ClaimAnswer> done) final;
  void KeepBefore(Holding holding, std::string before, Done<Entry> done) final;
  void Settle(Holding holding, Settlement settlement, Done<Entry> done) final;
  void Find(EntryId id, Done<Entry> done) final;
  void FindKey(Scope scope, Done<Entry> done) final;
  void List(ListRequest request, Done<ListPage> done) final;
  void Resolve(Resolution resolution, Done<Entry> done) final;
  WaitId Wait(EntryId id, Done<Entry> done) final;
  void CancelWait(WaitId wait) final;
  void Take(TakeRequest request, Done<std::vector<Entry>> done) final;
  void Postpone(Postponement postponement, Done<Entry> done) final;
  void Tend(Done<int64_t> done) final;

 protected:
  // Takes every operation. If there is no room, the operation's result is UNAVAILABLE.
  virtual void Enqueue(Operation operation) = 0;

 private:
  std::atomic<WaitId> next_wait_{1};
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_QUEUED_LEDGER_H_
