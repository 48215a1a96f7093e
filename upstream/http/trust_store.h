// The authorities that the connections to one upstream trust: parsed once, and shared. Left to
// itself, libcurl parses them for every connection and keeps a copy with it; with the 144
// authorities of a Debian system that is 20 ms and 0.7 MB for each.
//
// Thread-safety: all methods may be called from any thread. Lifetime: must outlive the attempts to
// connect that it was applied to, not the connections. Errors: authorities that cannot be read are
// none: no peer is trusted.
//
//   TrustStore trust(options.tls.authorities);
//   trust.ApplyTo(easy);
#ifndef UPSTREAM_HTTP_TRUST_STORE_H_
#define UPSTREAM_HTTP_TRUST_STORE_H_

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "upstream/http/curl_handle.h"

namespace gateway::http {

class TrustStore {
 public:
  // Where libcurl was built to look for the system's authorities; "" for nowhere.
  static std::string SystemsFile();

  // In PEM form. Empty: the system's, which are read again when their file has changed.
  explicit TrustStore(std::string authorities, std::string systems_file = SystemsFile());
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // The handle trusts these and no others.
  void ApplyTo(EasyHandle& easy) const;

  // What a connection is given now; null where there is no memory.
  std::shared_ptr<X509_STORE> Current() const;

 private:
  // The system's file as it was when it was read.
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
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  mutable std::shared_ptr<X509_STORE> store_;
  mutable Stamp stamp_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_TRUST_STORE_H_
