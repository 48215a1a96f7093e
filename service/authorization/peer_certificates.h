// Checks whether the certificate with which a connection was made is still good now.
//
// TLS verifies the certificate once, in the handshake. A connection may outlive its certificate,
// and the authority that signed the certificate may be withdrawn meanwhile. So each call checks
// again:
//
//   const auto certificate = certificates.Find(leaf_pem, chain_pem);
//   if (!certificate->trusted || absl::Now() >= certificate->ends) ... the call is refused ...
//
// A chain is verified once, and the result is remembered until the authorities change.
//
// Thread-safety: may be used from any thread.
#ifndef SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_
#define SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_

#include <openssl/x509.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"

namespace gateway::authorization {

// The authorities that sign clients' certificates, in PEM.
struct ClientAuthorities {
  bool operator==(const ClientAuthorities&) const = default;

  std::string all;  // empty: clients are not asked for a certificate
  // For each trust domain, the authorities that may sign for it. Empty: every authority may sign
  // for every trust domain.
  std::map<std::string, std::string> of_domains;
};

struct PeerCertificate {
  // Whether the certificate's authority may sign for the trust domain of this SPIFFE ID.
  bool MaySpeakFor(absl::string_view spiffe) const;

  // Whether a chain leads from this certificate to one of the authorities.
  bool trusted = false;
  // The earliest expiry in the chain, including the authority's.
  absl::Time ends = absl::InfinitePast();
  std::string serial;  // in hexadecimal digits
  std::string issuer;  // RFC 2253
  std::string subject;
  // The trust domains that the certificate's authority may sign for. nullopt: all (see
  // ClientAuthorities::of_domains).
  std::optional<std::set<std::string>> domains = std::nullopt;
};

class PeerCertificates {
 public:
  static constexpr size_t kMostRemembered = 4096;

  // From now on verifies with these authorities, and forgets the results that were remembered.
  void SetAuthorities(const ClientAuthorities& authorities);

  // Both in PEM: the peer's certificate, and the other certificates that it showed. Never returns
  // null.
  std::shared_ptr<const PeerCertificate> Find(absl::string_view leaf, absl::string_view chain);

 private:
  struct Release {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  using Store = std::unique_ptr<X509_STORE, Release>;
  struct Stores {
    Store all;
    std::map<std::string, Store> of_domains;
  };
  // Returns a store with the PEM's certificates as trust anchors, like the store of a handshake.
  static Store StoreOf(const std::string& pem);
  // The result does not depend on the time, so it may be remembered.
  static PeerCertificate Verify(const Stores& stores, absl::string_view leaf,
                                absl::string_view chain);
  struct Remembered {
    std::string leaf;
    std::string chain;
    std::shared_ptr<const PeerCertificate> certificate;
  };

  Mutex mutex_;
  // Null: no authority is trusted.
  std::shared_ptr<const Stores> authorities_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<size_t, Remembered> remembered_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_PEER_CERTIFICATES_H_
