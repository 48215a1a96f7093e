#include "service/ledger/queued_ledger.h"

#include <utility>

namespace gateway::ledger {

void QueuedLedger::Claim(ClaimRequest request, Done<ClaimAnswer> done) {
  Enqueue(Claiming{std::move(request), std::move(done)});
}

void QueuedLedger::KeepBefore(Holding holding, std::string before, Done<Entry> done) {
  Enqueue(KeepingBefore{{std::move(holding), std::move(before)}, std::move(done)});
}

void QueuedLedger::Settle(Holding holding, Settlement settlement, Done<Entry> done) {
  Enqueue(Settling{{std::move(holding), std::move(settlement)}, std::move(done)});
}

void QueuedLedger::Find(EntryId id, Done<Entry> done) {
  Enqueue(Finding{{std::move(id)}, std::move(done)});
}

void QueuedLedger::FindKey(Scope scope, Done<Entry> done) {
  Enqueue(FindingKey{{std::move(scope)}, std::move(done)});
}

void QueuedLedger::List(ListRequest request, Done<ListPage> done) {
  Enqueue(Listing{std::move(request), std::move(done)});
}

void QueuedLedger::Resolve(Resolution resolution, Done<Entry> done) {
  Enqueue(Resolving{std::move(resolution), std::move(done)});
}

WaitId QueuedLedger::Wait(EntryId id, Done<Entry> done) {
  const WaitId wait = next_wait_.fetch_add(1, std::memory_order_relaxed);
  Enqueue(Waiting{{wait, std::move(id)}, std::move(done)});
  return wait;
}

void QueuedLedger::CancelWait(WaitId wait) { Enqueue(CancellingWait{{wait}, nullptr}); }

void QueuedLedger::Take(TakeRequest request, Done<std::vector<Entry>> done) {
  Enqueue(Taking{std::move(request), std::move(done)});
}

void QueuedLedger::Postpone(Postponement postponement, Done<Entry> done) {
  Enqueue(Postponing{std::move(postponement), std::move(done)});
}

void QueuedLedger::Tend(Done<int64_t> done) { Enqueue(Tending{{}, std::move(done)}); }

}  // namespace gateway::ledger
