// SHA-256 and HMAC-SHA256 of framed texts (frame.h), by OpenSSL.
//
//   const std::string digest = Sha256().Add("a").Finish();
//   const absl::StatusOr<HmacSha256> keyed = HmacSha256::Create(secret);
//   const std::string code = keyed->Begin().Add("a").Finish();
//
// OpenSSL 3 looks an algorithm up by name whenever a call does not pass one, which costs more than
// the digest of a short text. Here the algorithm is looked up one time for the process, and a key
// is hashed one time for all codes that are made with it.
//
// Thread-safety: a Sha256 belongs to one thread; an HmacSha256 may be used from any.
#ifndef SERVICE_LEDGER_SHA256_H_
#define SERVICE_LEDGER_SHA256_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::ledger {

class Sha256 {
 public:
  Sha256();

  Sha256& Add(absl::string_view bytes);
  // 32 bytes; "" if OpenSSL failed in between. Nothing may be added afterwards.
  std::string Finish();

 private:
  friend class HmacSha256;
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool good_;
};

class HmacSha256 {
 public:
  // Computes the code of the bytes that are added.
  class Code {
   public:
    Code& Add(absl::string_view bytes) {
      inner_.Add(bytes);
      return *this;
    }
    // As Sha256::Finish.
    std::string Finish();

   private:
    friend class HmacSha256;
    Sha256 inner_;
    Sha256 outer_;
  };

  // INTERNAL: OpenSSL has no SHA-256.
  static absl::StatusOr<HmacSha256> Create(absl::string_view key);

  Code Begin() const;

 private:
  HmacSha256() = default;

  // Each has hashed the key with its pad (RFC 2104). Only copied from, so threads may share them.
  std::shared_ptr<const Sha256> inner_;
  std::shared_ptr<const Sha256> outer_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_SHA256_H_
