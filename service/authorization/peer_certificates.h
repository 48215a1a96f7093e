// Is the certificate that a connection was made with still good now?
//
// TLS looks at it once, in the handshake. A connection may outlive its certificate, and the
// authority that signed it may be withdrawn meanwhile. So each call asks here:
//
//   const auto certificate = certificates.Find(leaf_pem, chain_pem);
//   if (!certificate->trusted || absl::Now() >= certificate->ends) ... the call is refused ...
//
// A chain is verified once for each set of authorities, and remembered.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_
#define SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_

#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::authorization {

struct PeerCertificate {
  // A chain leads to one of the authorities.
  bool trusted = false;
  // The earliest expiry in the chain, including the authority's.
  absl::Time ends = absl::InfinitePast();
  std::string serial;  // in hexadecimal digits
  std::string issuer;  // RFC 2253
  std::string subject;
  // SHA-256 of the authority's public key, in hexadecimal digits.
  std::string authority;
};

class PeerCertificates {
 public:
  static constexpr size_t kMostRemembered = 4096;

  // Sets the trusted authorities, in PEM. Remembered certificates are verified again.
  void SetAuthorities(const std::string& pem);

  // Both in PEM: the peer's certificate, and the other certificates that it showed. Never returns
  // null.
  std::shared_ptr<const PeerCertificate> Find(absl::string_view leaf, absl::string_view chain);

 private:
  struct Release {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  using Store = std::shared_ptr<X509_STORE>;
  struct Remembered {
    std::string leaf;
    std::string chain;
    std::shared_ptr<const PeerCertificate> certificate;
  };

  std::mutex mutex_;
  // Guarded by mutex_.
  Store authorities_;  // null: no authority is trusted
  absl::flat_hash_map<size_t, Remembered> remembered_;
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_
