// Encrypts the replies with AES-256-GCM, so that the database alone does not reveal them.
//
//   sealed = version byte, key id (8 bytes), nonce (12), ciphertext, tag (16)
//
// The identity of the row is authenticated too: bytes that were moved to another row, or to another
// column, cannot be opened. While a key is being changed there are two keys: the current key seals,
// and both open.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_LEDGER_REPLY_CIPHER_H_
#define SERVICE_LEDGER_REPLY_CIPHER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/mutex.h"

namespace gateway::ledger {

class ReplyCipher {
 public:
  static constexpr size_t kKeyBytes = 32;

  // `previous` is "" if there is none. INVALID_ARGUMENT if a key is not 32 bytes long.
  static absl::StatusOr<std::shared_ptr<ReplyCipher>> Create(absl::string_view current,
                                                             absl::string_view previous = "");

  // Replaces both keys. On error, the present keys stay.
  absl::Status Replace(absl::string_view current, absl::string_view previous);

  absl::StatusOr<std::string> Seal(absl::string_view plain, absl::string_view identity) const;

  // DATA_LOSS if the bytes were not sealed with these keys for this identity, or are damaged.
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view identity) const;

 private:
  struct Key {
    std::string bytes;  // "": there is none
    std::string id;     // derived from the key, so that the configuration need not name it
  };

  ReplyCipher() = default;
  static absl::StatusOr<Key> MakeKey(absl::string_view bytes);

  mutable Mutex mutex_;
  Key current_ ABSL_GUARDED_BY(mutex_);
  Key previous_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_REPLY_CIPHER_H_
