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
  // INVALID_ARGUMENT for what is no key set, holds a secret (a symmetric or private key), two keys
  // of one name. Keys of other kinds than token_verifier.h lists, or for other uses, are passed
  // over: an issuer may publish them too. A set without a key that can be used is good: no token
  // is.
  static absl::StatusOr<KeySet> Parse(absl::string_view text);

  // The text that was signed. Nothing but UNAUTHENTICATED otherwise, with what is wrong.
  absl::StatusOr<std::string> Verify(absl::string_view token) const;

 private:
  struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };
  struct Key {
    std::unique_ptr<cjose_jwk_t, Release> key;
    std::string type;  // "RSA", "P-256"
    std::string only;  // the one algorithm that its issuer allows it; empty: all of its type
  };

  KeySet() = default;
  absl::flat_hash_map<std::string, Key> keys_;  // by kid
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_KEY_SET_H_
