// Checks that a token (JWT, RFC 7519) is genuine, meant for us, and valid now. cjose checks the
// signature, over OpenSSL. Each kind of key allows only these algorithms, so that a token cannot
// choose how it is verified:
//
//   key                      algorithms
//   RSA, 2048 bits or more   RS256 RS384 RS512 PS256 PS384 PS512
//   P-256, P-384, P-521      ES256, ES384, ES512
//
// A token must name its key (`kid`), issuer, audience and expiry. A verified token is remembered by
// its SHA-256 until it expires, so that only its first call pays for the signature.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_AUTHORIZATION_TOKEN_VERIFIER_H_
#define SERVICE_AUTHORIZATION_TOKEN_VERIFIER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/authorization/identity.h"
#include "service/authorization/key_set.h"
#include "upstream/mutex.h"

namespace gateway::authorization {

class TokenVerifier {
 public:
  struct Options {
    std::string issuer;
    std::string audience;
    absl::Duration leeway = absl::Seconds(30);          // how far clocks may be apart
    absl::Duration max_life = absl::Hours(24);          // from now to a token's expiry
    size_t remembered = 10'000;                         // tokens, at most
    size_t remembered_bytes = size_t{8} * 1024 * 1024;  // their total size, at most
  };

  TokenVerifier(Options options, KeySet keys)
      : options_(std::move(options)), keys_(std::move(keys)) {}

  // UNAUTHENTICATED says in a word or two what is wrong, and shows nothing of the token.
  absl::StatusOr<std::shared_ptr<const Claims>> Verify(absl::string_view token, absl::Time now);

  // Signatures checked so far, and tokens that are remembered. For tests.
  int64_t checked() const;
  size_t remembered() const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Remembered {
    Digest digest;
    std::shared_ptr<const Claims> claims;
    size_t bytes;
  };

  std::shared_ptr<const Claims> Recall(const Digest& digest, absl::Time now);
  void Remember(const Digest& digest, std::shared_ptr<const Claims> claims, size_t bytes);
  void Forget(std::list<Remembered>::iterator place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<const Claims>> ReadClaims(absl::string_view payload,
                                                           absl::Time now) const;

  const Options options_;
  const KeySet keys_;
  mutable Mutex mutex_;
  int64_t checked_ ABSL_GUARDED_BY(mutex_) = 0;  // signatures checked so far
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Remembered tokens, the most recently used first.
  std::list<Remembered> order_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Digest, std::list<Remembered>::iterator> places_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_TOKEN_VERIFIER_H_
