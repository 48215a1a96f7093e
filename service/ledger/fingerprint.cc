#include "service/ledger/fingerprint.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/ledger/frame.h"

namespace gateway::ledger {
namespace {

// To be raised when a release sends an equal request with other bytes.
constexpr char kFingerprintVersion = 1;

}  // namespace

absl::StatusOr<Fingerprinter> Fingerprinter::Create(absl::string_view secret) {
  if (secret.size() < kLeastSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the secret has fewer than ", kLeastSecretBytes, " bytes"));
  }
  absl::StatusOr<HmacSha256> hmac = HmacSha256::Create(secret);
  if (!hmac.ok()) return hmac.status();
  return Fingerprinter(*std::move(hmac));
}

absl::StatusOr<std::string> Fingerprinter::Of(const FingerprintedRequest& request) const {
  const absl::string_view version(&kFingerprintVersion, 1);
  HmacSha256::Code code = hmac_.Begin();
  code.Add(version);
  FrameInto({request.verb, request.path, request.query, request.body},
            [&code](absl::string_view piece) { code.Add(piece); });
  const std::string finished = code.Finish();
  if (finished.empty()) return absl::InternalError("no HMAC-SHA256");
  return absl::StrCat(version, finished);
}

}  // namespace gateway::ledger
