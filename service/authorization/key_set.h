// The public keys that tokens may be signed with: a JSON Web Key Set (RFC 7517).
//
// Thread-safety: immutable after Parse.
#ifndef SERVICE_AUTHORIZATION_KEY_SET_H_
#define SERVICE_AUTHORIZATION_KEY_SET_H_

#include <cjose/cjose.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::authorization {

class KeySet {
 public:
  // INVALID_ARGUMENT if the text is not a key set, holds a secret (symmetric or private) key, or
  // has a key that is unreadable, too short, or without a `kid` of its own. Skips keys of kinds
  // that token_verifier.h does not list, or for other uses: an issuer may publish them too. A set
  // without usable keys is valid: it verifies no token.
  static absl::StatusOr<KeySet> Parse(absl::string_view text);

  // Returns the text that was signed. The only error is UNAUTHENTICATED, with the reason.
  absl::StatusOr<std::string> Verify(absl::string_view token) const;

 private:
  struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };
  struct Key {
    std::unique_ptr<cjose_jwk_t, Release> key;
    std::string type;  // "RSA", "P-256"
    std::string only;  // the only algorithm its issuer allows; empty: all of its type
  };

  KeySet() = default;
  absl::flat_hash_map<std::string, Key> keys_;  // by kid
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_KEY_SET_H_
