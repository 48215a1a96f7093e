// Makes valid and forged tokens for tests with OpenSSL only, independently of the code that
// verifies them.
//
// Thread-safety: one thread. Errors: a failing OpenSSL call ends the program.
//
//   const SigningKey key = SigningKey::Rsa("kid-1");
//   WriteFile("jwks.json", KeySetOf({&key}).dump());
//   const std::string token = key.Sign("RS256", {{"iss", "..."}, ...});
#ifndef TESTS_SERVICE_AUTHORIZATION_TOKEN_MAKER_H_
#define TESTS_SERVICE_AUTHORIZATION_TOKEN_MAKER_H_

#include <openssl/evp.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway {

class SigningKey {
 public:
  static SigningKey Rsa(const std::string& kid, int bits = 2048);
  static SigningKey Ec(const std::string& kid, const std::string& curve = "P-256");

  const std::string& kid() const { return kid_; }

  // The public key.
  nlohmann::json Jwk() const;
  std::string Pem() const;

  // Signs the claims. `algorithm` ("RS256", "PS384", "ES256") selects digest and padding. The
  // token's header contains `algorithm`, the kid, and the members of `header`, which may replace
  // both.
  std::string Sign(const std::string& algorithm, const nlohmann::json& claims,
                   const nlohmann::json& header = nlohmann::json::object()) const;

 private:
  struct Deleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  SigningKey(std::string kid, EVP_PKEY* key) : kid_(std::move(kid)), key_(key) {}

  std::string kid_;
  std::unique_ptr<EVP_PKEY, Deleter> key_;
};

nlohmann::json KeySetOf(const std::vector<const SigningKey*>& keys);

// Claims with issuer "issuer" and audience "billing-gateway", valid for five minutes.
nlohmann::json GoodClaims(const std::string& subject = "shop", absl::Time now = absl::Now());

std::string Base64Url(const std::string& bytes);

// Returns "header.claims.signature" with any third part.
std::string Unsigned(const nlohmann::json& header, const nlohmann::json& claims,
                     const std::string& signature = "");

// Signs with this text as a symmetric key.
std::string SignHmac(const std::string& secret, const nlohmann::json& header,
                     const nlohmann::json& claims);

}  // namespace gateway

#endif  // TESTS_SERVICE_AUTHORIZATION_TOKEN_MAKER_H_
