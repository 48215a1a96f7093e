// Signs a webhook as its provider does. What the providers do differently, their behaviour says:
//
//   signature = {header = "PayNow-Signature", timestamp = "PayNow-Timestamp", unit = "ms",
//   separator = ".",
//                encoding = "base64", key = "secret"}
//
// `timestamp` may be absent: then the body alone is signed. `key` "sha256": the secret's SHA-256 is
// the key. Without `signature` nothing is signed. Pure functions; they share no code with the
// gateway's verifier.
#ifndef UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_
#define UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_

#include <string>

#include "absl/time/time.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// The headers that the signature consists of.
Headers Sign(const Json& scheme, const std::string& secret, const std::string& body,
             absl::Time now);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WEBHOOKS_SIGNATURE_H_
