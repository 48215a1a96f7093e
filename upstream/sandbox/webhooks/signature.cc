#include "upstream/sandbox/webhooks/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gateway::sandbox {
namespace {

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Sha256(const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Bytes(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string Hmac(const std::string& key, const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

}  // namespace

Headers Sign(const Json& scheme, const std::string& secret, const std::string& body,
             absl::Time now) {
  if (!scheme.contains("header")) return {};
  Headers headers;
  std::string text = body;
  if (scheme.contains("timestamp")) {
    const std::string time = absl::StrCat(
        scheme.value("unit", "s") == "ms" ? absl::ToUnixMillis(now) : absl::ToUnixSeconds(now));
    text = absl::StrCat(time, scheme.value("separator", ""), body);
    headers.emplace_back(scheme.at("timestamp"), time);
  }
  const std::string digest =
      Hmac(scheme.value("key", "secret") == "sha256" ? Sha256(secret) : secret, text);
  headers.emplace_back(scheme.at("header"), scheme.value("encoding", "hex") == "base64"
                                                ? absl::Base64Escape(digest)
                                                : absl::BytesToHexString(digest));
  return headers;
}

}  // namespace gateway::sandbox
