// The waits for the end of INTENTs.
//
// Thread-safety: none; it belongs to the store's thread. The callbacks are given to Answers.
#ifndef SERVICE_LEDGER_WAITERS_H_
#define SERVICE_LEDGER_WAITERS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "service/ledger/answers.h"
#include "service/ledger/operation.h"

namespace gateway::ledger {

class Waiters {
 public:
  void Add(Waiting waiting);

  bool Has(const EntryId& id) const { return by_entry_.contains(id); }
  // Takes all waits for this entry, with its result.
  std::vector<Operation> TakeFor(const EntryId& id, const absl::StatusOr<Entry>& result);

  // Takes this one wait, ended with `status`. Returns nothing if it is not here.
  std::vector<Operation> Take(WaitId wait, const absl::Status& status);

  std::vector<Operation> TakeAll(const absl::Status& status);

  // The entries that are waited for.
  std::vector<EntryId> ids() const;
  bool empty() const { return by_entry_.empty(); }

 private:
  absl::flat_hash_map<EntryId, std::vector<Waiting>> by_entry_;
  absl::flat_hash_map<WaitId, EntryId> entry_of_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_WAITERS_H_
