// Signs messages by the rules of Standard Webhooks (standardwebhooks.com): the receiver can check
// that a message comes from this gateway, and when it was sent.
//
//   absl::StatusOr<Signer> signer = Signer::Create({"whsec_..."});
//   const std::optional<std::string> signature = signer->Sign(id, "1764264000", body);
//   // "v1,<Base64>": the value of `webhook-signature`
//
// Thread-safety: immutable, may be used from any thread. The destructor overwrites the keys in
// memory.
#ifndef SERVICE_EVENTS_FORWARD_SIGNER_H_
#define SERVICE_EVENTS_FORWARD_SIGNER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::events {

class Signer {
 public:
  // While a secret is being replaced there are two, and each signs.
  static constexpr size_t kMostSecrets = 2;

  // A secret is "whsec_" and the Base64 of 24 to 64 bytes. INVALID_ARGUMENT says what is wrong, and
  // shows nothing of the secret. INTERNAL if OpenSSL has no HMAC-SHA-256.
  static absl::StatusOr<Signer> Create(const std::vector<std::string>& secrets);

  Signer(Signer&&) = default;
  Signer& operator=(Signer&&) = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  ~Signer();

  // Returns one signature for each secret, with a space between. `timestamp`: seconds since 1970.
  // Returns nullopt if OpenSSL fails.
  std::optional<std::string> Sign(absl::string_view id, absl::string_view timestamp,
                                  absl::string_view body) const;

  // Whether both sign with the same keys.
  bool operator==(const Signer&) const = default;

 private:
  Signer() = default;

  std::vector<std::string> keys_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_SIGNER_H_
