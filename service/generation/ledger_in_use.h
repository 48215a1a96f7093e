// The ledger as calls use it: the store of entries, and the configuration's rules for keys.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the calls.
#ifndef SERVICE_GENERATION_LEDGER_IN_USE_H_
#define SERVICE_GENERATION_LEDGER_IN_USE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "service/ledger/fingerprint.h"
#include "service/ledger/ledger.h"
#include "service/ledger/reply_cipher.h"

namespace gateway {

struct LedgerInUse {
  // How the claim of a write was answered.
  enum Said : uint8_t {
    kSent,         // sent for the first time, or again because it did not happen before
    kSentAgain,    // sent again although it may have happened: a repeat is harmless
    kReplayed,     // it happened: answered with the kept reply
    kInProgress,   // another call is sending it
    kUnknown,      // it may have happened
    kKeyReused,    // the key was used with another request
    kGuarded,      // another write on the same resource is open
    kUnavailable,  // the ledger cannot be read or written
  };
  static constexpr std::array kAllSaid = {kSent,    kSentAgain, kReplayed, kInProgress,
                                          kUnknown, kKeyReused, kGuarded,  kUnavailable};
  static const char* Name(Said said);

  // Counts claims by answer.
  class Claims {
   public:
    void Count(Said said) { counts_[said].fetch_add(1, std::memory_order_relaxed); }
    uint64_t count(Said said) const { return counts_[said].load(std::memory_order_relaxed); }

   private:
    std::array<std::atomic<uint64_t>, kAllSaid.size()> counts_{};
  };

  explicit LedgerInUse(ledger::Fingerprinter by) : fingerprinter(std::move(by)) {}

  // Whether calls of this RPC ("package.Service/Method") must bring a key.
  bool RequiresKey(absl::string_view rpc) const {
    return all_writes_require_key || require_key.contains(rpc);
  }

  ledger::Fingerprinter fingerprinter;
  bool all_writes_require_key = false;
  absl::flat_hash_set<std::string> require_key;
  Claims claims;
  std::shared_ptr<ledger::ReplyCipher> cipher;  // the one that the ledger uses
  std::unique_ptr<ledger::Ledger> ledger;       // last: its callbacks use the others
};

inline const char* LedgerInUse::Name(Said said) {
  constexpr std::array kNames = {"sent",    "sent_again", "replayed", "in_progress",
                                 "unknown", "key_reused", "guarded",  "unavailable"};
  static_assert(kNames.size() == kAllSaid.size());
  return kNames[said];
}

}  // namespace gateway

#endif  // SERVICE_GENERATION_LEDGER_IN_USE_H_
