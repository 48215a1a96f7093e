// The authorities that the connections to one upstream trust: parsed once, and shared. libcurl
// itself would parse them for every connection and keep a copy for each. With the 144 authorities
// of a Debian system, that costs 20 ms and 0.7 MB for each connection.
//
// Thread-safety: all methods may be called from any thread. Lifetime: must outlive the attempts to
// connect that it was applied to, but not the connections. Errors: if the authorities cannot be
// read, the store is empty, and no peer is trusted.
//
//   TrustStore trust(options.tls.authorities);
//   trust.ApplyTo(easy);
#ifndef UPSTREAM_HTTP_TRUST_STORE_H_
#define UPSTREAM_HTTP_TRUST_STORE_H_

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "upstream/http/curl_handle.h"
#include "upstream/mutex.h"

namespace gateway::http {

class TrustStore {
 public:
  // The file in which libcurl looks for the system's authorities; "" if there is none.
  static std::string SystemsFile();

  // `authorities` are in PEM form. If empty, trusts the system's, and reads their file again when
  // it has changed.
  explicit TrustStore(std::string authorities, std::string systems_file = SystemsFile());
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // Makes the handle trust these authorities and no others.
  void ApplyTo(EasyHandle& easy) const;

  // The store for a new connection; null if there is no memory.
  std::shared_ptr<X509_STORE> Current() const;

 private:
  // Identifies the content of the system's file when it was read.
  struct Stamp {
    int64_t changed = 0;  // nanoseconds
    int64_t size = -1;
    uint64_t inode = 0;

    bool operator==(const Stamp&) const = default;
  };

  static CURLcode OnContext(CURL* easy, void* context, void* self);
  Stamp StampOfSystems() const;

  const bool is_systems_;
  const std::string systems_file_;
  mutable Mutex mutex_;
  mutable std::shared_ptr<X509_STORE> store_ ABSL_GUARDED_BY(mutex_);
  mutable Stamp stamp_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_TRUST_STORE_H_
