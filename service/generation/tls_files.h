// What the gRPC port proves its identity with, and by whose word it believes its clients.
//
// Thread-safety: TlsMaterial is immutable, a TlsSlot may be used from any thread.
#ifndef SERVICE_GENERATION_TLS_FILES_H_
#define SERVICE_GENERATION_TLS_FILES_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/config/config.h"
#include "service/config/server_config.h"
#include "upstream/http/options.h"

namespace gateway {

// PEM texts that are known to fit together. The key is overwritten in memory when it is let go.
struct TlsMaterial {
  TlsMaterial() = default;
  ~TlsMaterial();
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;

  std::string certificate_chain;
  std::string key;
  std::string client_cas;  // empty: clients are not asked
};

// The files as they are now. INVALID_ARGUMENT or NOT_FOUND where one cannot be read, is no PEM, is
// not valid at `now`, or where key and certificate do not belong together. The message begins with
// the setting: "certificate_file: has expired".
absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadTls(const TlsConfig& config,
                                                           absl::Time now = absl::Now());

// The same certificate and key, with other authorities for clients. INVALID_ARGUMENT where the text
// has none.
absl::StatusOr<std::shared_ptr<const TlsMaterial>> WithClientCas(const TlsMaterial& material,
                                                                 const std::string& client_cas);

// What the gateway is to an upstream, and whom it believes: the texts of the files as they are now.
// Errors as above, with "ca_file", "tls.certificate_file" or "tls.key_file" in front.
absl::StatusOr<http::TlsOptions> LoadUpstreamTls(const UpstreamTlsFiles& files,
                                                 absl::Time now = absl::Now());

// The material in force. Handshakes that begin after Set are made with it; connections that are
// open stay.
class TlsSlot {
 public:
  explicit TlsSlot(std::shared_ptr<const TlsMaterial> material) : material_(std::move(material)) {}

  std::shared_ptr<const TlsMaterial> Get() const {
    const std::lock_guard lock(mutex_);
    return material_;
  }

  void Set(std::shared_ptr<const TlsMaterial> material) {
    const std::lock_guard lock(mutex_);
    material_.swap(material);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsMaterial> material_;  // guarded by mutex_; never null
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_TLS_FILES_H_
