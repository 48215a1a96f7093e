// Signs a webhook as its provider does. The behaviour script describes how the provider signs:
//
//   signature = {header = "PayNow-Signature", timestamp = "PayNow-Timestamp", unit = "ms",
//                separator = ".", encoding = "base64", key = "secret"}
//
// Without `timestamp`, only the body is signed. With `key` "sha256", the key is the SHA-256 of the
// secret. Without `signature`, nothing is signed. Pure functions; they share no code with the
// gateway's verifier.
#ifndef UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_
#define UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_

#include <string>

#include "absl/time/time.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// Returns the headers that carry the signature.
Headers Sign(const Json& scheme, const std::string& secret, const std::string& body,
             absl::Time now);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_
