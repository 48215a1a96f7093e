#include "service/ledger/fingerprint.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/ledger/frame.h"

namespace gateway::ledger {
namespace {

// Changes whenever the same request would give other bytes.
constexpr char kVersion = 1;

}  // namespace

absl::StatusOr<Fingerprinter> Fingerprinter::Create(absl::string_view secret) {
  if (secret.size() < kLeastSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the secret has fewer than ", kLeastSecretBytes, " bytes"));
  }
  return Fingerprinter(secret);
}

absl::StatusOr<std::string> Fingerprinter::Of(const FingerprintedRequest& request) const {
  const std::string framed =
      std::string(1, kVersion) + Frame({request.verb, request.path, request.query, request.body});
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
           reinterpret_cast<const unsigned char*>(framed.data()), framed.size(), digest,
           &size) == nullptr) {
    return absl::InternalError("no HMAC-SHA256");
  }
  return std::string(1, kVersion) + std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace gateway::ledger
