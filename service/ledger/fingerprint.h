// Fingerprints of requests, which are equal for equal requests: an HMAC-SHA256, with a secret of
// the installation, over what the gateway would send. The order of a map or a new release does not
// change a fingerprint, and nobody who reads the ledger can guess the request from it.
//
//   fingerprint = version byte, HMAC-SHA256(secret, version byte, frame(verb, path, query, body))
//
// With another secret, every key looks as if it was reused for another request: such calls are
// refused.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_LEDGER_FINGERPRINT_H_
#define SERVICE_LEDGER_FINGERPRINT_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/ledger/sha256.h"

namespace gateway::ledger {

struct FingerprintedRequest {
  absl::string_view verb;
  absl::string_view path;
  absl::string_view query;
  absl::string_view body;  // canonical
};

class Fingerprinter {
 public:
  static constexpr size_t kLeastSecretBytes = 32;
  static constexpr size_t kBytes = 33;

  // INVALID_ARGUMENT: the secret is too short.
  static absl::StatusOr<Fingerprinter> Create(absl::string_view secret);

  absl::StatusOr<std::string> Of(const FingerprintedRequest& request) const;

 private:
  explicit Fingerprinter(HmacSha256 hmac) : hmac_(std::move(hmac)) {}

  HmacSha256 hmac_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_FINGERPRINT_H_
