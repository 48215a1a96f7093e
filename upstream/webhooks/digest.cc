#include "upstream/webhooks/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "absl/strings/escaping.h"

namespace gateway::webhooks {
namespace {

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct FreeMacContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Looks HMAC up once, because OpenSSL takes a lock and searches its providers each time. Null if
// OpenSSL has no HMAC.
EVP_MAC* Hmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return mac;
}

}  // namespace

std::optional<Digest> Sha256(absl::string_view bytes) {
  Digest digest;
  size_t size = digest.size();
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), digest.data(), &size) !=
      1) {
    return std::nullopt;
  }
  return digest;
}

std::optional<Digest> HmacSha256(absl::string_view key,
                                 std::initializer_list<absl::string_view> parts) {
  if (Hmac() == nullptr) return std::nullopt;
  const std::unique_ptr<EVP_MAC_CTX, FreeMacContext> context(EVP_MAC_CTX_new(Hmac()));
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_construct_end()};
  if (context == nullptr || EVP_MAC_init(context.get(), Data(key), key.size(), parameters) != 1) {
    return std::nullopt;
  }
  for (const absl::string_view part : parts) {
    if (EVP_MAC_update(context.get(), Data(part), part.size()) != 1) return std::nullopt;
  }
  Digest digest;
  size_t size = 0;
  if (EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) != 1 ||
      size != digest.size()) {
    return std::nullopt;
  }
  return digest;
}

absl::string_view Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string Hex(const Digest& digest) { return absl::BytesToHexString(Bytes(digest)); }

std::string Base64(const Digest& digest) { return absl::Base64Escape(Bytes(digest)); }

bool SameText(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace gateway::webhooks
