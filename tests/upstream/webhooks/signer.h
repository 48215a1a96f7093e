// Signs as the providers do, with OpenSSL's one-shot functions. It shares no code with the code
// under test.
//
//   Base64Text(Hmac("secret", "1700000000000." + body))
//
// Thread-safety: pure functions.
#ifndef TESTS_UPSTREAM_WEBHOOKS_SIGNER_H_
#define TESTS_UPSTREAM_WEBHOOKS_SIGNER_H_

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <string>

#include "absl/strings/string_view.h"

namespace gateway::webhooks {

inline const unsigned char* Unsigned(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Returns an HMAC-SHA256 of 32 bytes.
inline std::string Hmac(const std::string& key, const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Unsigned(text), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

// Returns a SHA-256 digest of 32 bytes.
inline std::string Sha(const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Unsigned(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

inline std::string Base64Text(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  text.resize(
      static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                          Unsigned(bytes), static_cast<int>(bytes.size()))));
  return text;
}

inline std::string HexText(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace gateway::webhooks

#endif  // TESTS_UPSTREAM_WEBHOOKS_SIGNER_H_
