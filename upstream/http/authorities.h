// The authorities that vouch for an upstream, read once and shared by all connections to it.
//
// libcurl reads them anew for each connection, and each keeps its own: of the 144 that Debian
// trusts that is 20 ms of processor time and 1.3 MB.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: connections keep what they were made with.
//
//   Authorities authorities(options.tls.authorities);
//   const auto store = authorities.Get();
//   if (store == nullptr) ...
//   Authorities::Trust(easy, store.get());
#ifndef UPSTREAM_HTTP_AUTHORITIES_H_
#define UPSTREAM_HTTP_AUTHORITIES_H_

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "upstream/http/curl_handle.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Authorities {
 public:
  using Store = std::shared_ptr<X509_STORE>;

  // `pem`: whom to trust, one after the other; empty: whom the system trusts.
  explicit Authorities(std::string pem) : pem_(std::move(pem)) {}

  // Null where the text has no certificate, or one that cannot be read. The system's are read again
  // after a day.
  Store Get();

  // The handle's next connection is verified with these, and with nothing else. The store must
  // live until it is made.
  static void Trust(EasyHandle& easy, X509_STORE* store);

 private:
  Store Read() const;

  const std::string pem_;

  std::mutex mutex_;
  // Guarded by mutex_.
  Store store_;
  SteadyTime read_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_AUTHORITIES_H_
