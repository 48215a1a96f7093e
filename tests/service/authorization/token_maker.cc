#include "tests/service/authorization/token_maker.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

using nlohmann::json;

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

// Returns the key's parameter `name` as a big-endian number of `width` bytes (0: without padding).
std::string Number(const EVP_PKEY* key, const char* name, size_t width = 0) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  if (width == 0) width = static_cast<size_t>(BN_num_bytes(number));
  std::string bytes(width, '\0');
  Require(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                       static_cast<int>(width)) >= 0,
          "number");
  BN_free(number);
  return bytes;
}

size_t FieldBytes(const EVP_PKEY* key) {
  return (static_cast<size_t>(EVP_PKEY_get_bits(key)) + 7) / 8;
}

const EVP_MD* DigestOf(const std::string& algorithm) {
  if (absl::EndsWith(algorithm, "384")) return EVP_sha384();
  return absl::EndsWith(algorithm, "512") ? EVP_sha512() : EVP_sha256();
}

// Converts an ECDSA signature from DER to the form of JOSE: r and s, each of `width` bytes.
std::string SideBySide(const std::string& der, size_t width) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size()));
  Require(signature != nullptr, "ECDSA");
  std::string bytes(2 * width, '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, static_cast<int>(width));
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + width, static_cast<int>(width));
  ECDSA_SIG_free(signature);
  return bytes;
}

}  // namespace

std::string Base64Url(const std::string& bytes) { return absl::WebSafeBase64Escape(bytes); }

SigningKey SigningKey::Rsa(const std::string& kid, int bits) {
  EVP_PKEY* const key = EVP_RSA_gen(static_cast<unsigned>(bits));
  Require(key != nullptr, "RSA");
  return SigningKey(kid, key);
}

SigningKey SigningKey::Ec(const std::string& kid, const std::string& curve) {
  EVP_PKEY* const key = EVP_EC_gen(curve.c_str());
  Require(key != nullptr, "EC");
  return SigningKey(kid, key);
}

json SigningKey::Jwk() const {
  const EVP_PKEY* const key = key_.get();
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    return {{"kty", "RSA"},
            {"kid", kid_},
            {"n", Base64Url(Number(key, OSSL_PKEY_PARAM_RSA_N))},
            {"e", Base64Url(Number(key, OSSL_PKEY_PARAM_RSA_E))}};
  }
  const size_t width = FieldBytes(key);
  const char* const curve = width == 32 ? "P-256" : width == 48 ? "P-384" : "P-521";
  return {{"kty", "EC"},
          {"kid", kid_},
          {"crv", curve},
          {"x", Base64Url(Number(key, OSSL_PKEY_PARAM_EC_PUB_X, width))},
          {"y", Base64Url(Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, width))}};
}

std::string SigningKey::Pem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  Require(PEM_write_bio_PUBKEY(bio, key_.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string SigningKey::Sign(const std::string& algorithm, const json& claims,
                             const json& header) const {
  json full = {{"alg", algorithm}, {"kid", kid_}, {"typ", "JWT"}};
  full.update(header);
  const std::string text = absl::StrCat(Base64Url(full.dump()), ".", Base64Url(claims.dump()));
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  Require(EVP_DigestSignInit(context, &options, DigestOf(algorithm), nullptr, key_.get()) == 1,
          "signing");
  if (algorithm[0] == 'P') {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  Require(EVP_DigestSign(context, nullptr, &size, data, text.size()) == 1, "signing");
  std::string signature(size, '\0');
  Require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                         text.size()) == 1,
          "signing");
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC) {
    signature = SideBySide(signature, FieldBytes(key_.get()));
  }
  return absl::StrCat(text, ".", Base64Url(signature));
}

json KeySetOf(const std::vector<const SigningKey*>& keys) {
  json set = {{"keys", json::array()}};
  for (const SigningKey* key : keys) set["keys"].push_back(key->Jwk());
  return set;
}

json GoodClaims(const std::string& subject, absl::Time now) {
  return {{"iss", "issuer"},
          {"aud", "billing-gateway"},
          {"sub", subject},
          {"exp", absl::ToUnixSeconds(now + absl::Minutes(5))}};
}

std::string Unsigned(const json& header, const json& claims, const std::string& signature) {
  return absl::StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()), ".", signature);
}

std::string SignHmac(const std::string& secret, const json& header, const json& claims) {
  const std::string text = absl::StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()));
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  Require(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(),
               reinterpret_cast<unsigned char*>(mac.data()), &size) != nullptr,
          "HMAC");
  mac.resize(size);
  return absl::StrCat(text, ".", Base64Url(mac));
}

}  // namespace gateway
