#include "service/events/forward/signer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/webhooks/digest.h"

namespace gateway::events {
namespace {

constexpr absl::string_view kPrefix = "whsec_";
constexpr size_t kLeastBytes = 24;
constexpr size_t kMostBytes = 64;

absl::StatusOr<std::string> KeyOf(absl::string_view secret) {
  if (!absl::ConsumePrefix(&secret, kPrefix)) {
    return absl::InvalidArgumentError("a secret begins with whsec_");
  }
  std::string key;
  if (!absl::Base64Unescape(secret, &key)) {
    return absl::InvalidArgumentError("behind whsec_ stands Base64");
  }
  const bool fits = key.size() >= kLeastBytes && key.size() <= kMostBytes;
  if (fits) return key;
  webhooks::Wipe(key);
  return absl::InvalidArgumentError(
      absl::StrCat("a secret has ", kLeastBytes, " to ", kMostBytes, " bytes before Base64"));
}

}  // namespace

absl::StatusOr<Signer> Signer::Create(const std::vector<std::string>& secrets) {
  if (secrets.empty() || secrets.size() > kMostSecrets) {
    return absl::InvalidArgumentError("one secret, or two while one is exchanged");
  }
  Signer signer;
  for (const std::string& secret : secrets) {
    absl::StatusOr<std::string> key = KeyOf(secret);
    if (!key.ok()) return key.status();
    signer.keys_.push_back(*std::move(key));
  }
  if (!signer.Sign("", "", "")) return absl::InternalError("OpenSSL has no HMAC-SHA-256");
  return signer;
}

Signer::~Signer() {
  for (std::string& key : keys_) webhooks::Wipe(key);
}

std::optional<std::string> Signer::Sign(absl::string_view id, absl::string_view timestamp,
                                        absl::string_view body) const {
  std::string signatures;
  for (const std::string& key : keys_) {
    const auto digest = webhooks::HmacSha256(key, {id, ".", timestamp, ".", body});
    if (!digest) return std::nullopt;
    absl::StrAppend(&signatures, signatures.empty() ? "" : " ", "v1,", webhooks::Base64(*digest));
  }
  return signatures;
}

}  // namespace gateway::events
