// Reads certificates, their keys and authorities from PEM files: for the gRPC port, for the
// receiver of webhooks, and for outgoing connections.
//
// Thread-safety: TlsMaterial is immutable; the functions may be called from any thread.
#ifndef SERVICE_GENERATION_TLS_FILES_H_
#define SERVICE_GENERATION_TLS_FILES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/authorization/peer_certificates.h"
#include "service/config/config.h"
#include "service/config/server_config.h"
#include "upstream/http/options.h"

namespace gateway {

// PEM texts that are known to fit together. The destructor overwrites the key in memory.
struct TlsMaterial {
  TlsMaterial() = default;
  ~TlsMaterial();
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;
  bool operator==(const TlsMaterial&) const = default;

  std::string certificate_chain;
  std::string key;
  authorization::ClientAuthorities client_cas;
};

// Reads the files as they are now. INVALID_ARGUMENT or NOT_FOUND if a file cannot be read or is no
// PEM, if the certificate is not valid at `now`, or if key and certificate do not belong together.
// The message begins with the setting: "certificate_file: has expired".
absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadTls(const TlsConfig& config,
                                                           absl::Time now = absl::Now());

// Returns a copy of `present` with the clients' authorities that the files hold now, or `present`
// itself if they have not changed. Errors as above.
absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadClientCas(
    const TlsConfig& config, const std::shared_ptr<const TlsMaterial>& present);

// Reads the gateway's own certificate for an upstream or another target, and the authorities that
// the gateway trusts there. Errors as above; the message begins with "ca_file",
// "tls.certificate_file" or "tls.key_file".
absl::StatusOr<http::TlsOptions> LoadUpstreamTls(const UpstreamTlsFiles& files,
                                                 absl::Time now = absl::Now());

}  // namespace gateway

#endif  // SERVICE_GENERATION_TLS_FILES_H_
