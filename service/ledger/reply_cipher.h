// Keeps replies unreadable for whoever has the database alone: AES-256-GCM.
//
//   sealed = version byte, key id (8 bytes), nonce (12), ciphertext, tag (16)
//
// The row's identity is authenticated with it: bytes that are moved to another row, or to another
// column, do not open. While a key is being changed there are two: the current one seals, both
// open.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_LEDGER_REPLY_CIPHER_H_
#define SERVICE_LEDGER_REPLY_CIPHER_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::ledger {

class ReplyCipher {
 public:
  static constexpr size_t kKeyBytes = 32;

  // `previous` is "" if there is none. INVALID_ARGUMENT: a key is not 32 bytes long.
  static absl::StatusOr<std::shared_ptr<ReplyCipher>> Create(absl::string_view current,
                                                             absl::string_view previous = "");

  // Takes other keys; an error leaves those that are there.
  absl::Status Replace(absl::string_view current, absl::string_view previous);

  absl::StatusOr<std::string> Seal(absl::string_view plain, absl::string_view identity) const;

  // DATA_LOSS: not sealed by these keys for this identity, or torn.
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view identity) const;

 private:
  struct Key {
    std::string bytes;  // "": there is none
    std::string id;     // from the key itself, so that it needs no name in the configuration
  };

  ReplyCipher() = default;
  static absl::StatusOr<Key> MakeKey(absl::string_view bytes);

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Key current_;
  Key previous_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_REPLY_CIPHER_H_
