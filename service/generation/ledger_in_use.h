// The ledger as calls use it: the store of entries, and what the configuration says of keys.
//
// Thread-safety: may be used from any thread. Lifetime: outlives the calls.
#ifndef SERVICE_GENERATION_LEDGER_IN_USE_H_
#define SERVICE_GENERATION_LEDGER_IN_USE_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "service/ledger/fingerprint.h"
#include "service/ledger/ledger.h"

namespace gateway {

struct LedgerInUse {
  // Whether calls of this RPC ("package.Service/Method") must bring a key.
  bool RequiresKey(absl::string_view rpc) const {
    return all_writes_require_key || require_key.contains(rpc);
  }

  ledger::Fingerprinter fingerprinter;
  bool all_writes_require_key = false;
  absl::flat_hash_set<std::string> require_key;
  std::unique_ptr<ledger::Ledger> ledger;  // last: its callbacks use the others
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_LEDGER_IN_USE_H_
