// Finds out when the certificates that the configuration names expire.
//
// Thread-safety: may be called from any thread; reads files.
#ifndef SERVICE_CONFIG_CERTIFICATES_H_
#define SERVICE_CONFIG_CERTIFICATES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/config/config.h"

namespace gateway {

// A chain expires with the certificate in it that expires first. A list of authorities expires with
// the authority that expires last, because an old authority stays in the list beside its successor
// while they are exchanged.
enum class CertificateKind { kChain, kAuthorities };

struct CertificateFile {
  CertificateKind kind;
  std::string role;  // the purpose: "upstream_ca"
  std::string file;
  // If there may be several of a role: what tells them apart, and its name.
  std::string label = {};  // "upstream"
  std::string name = {};   // "paynow"
};

// Returns all files of certificates that the configuration names.
std::vector<CertificateFile> CertificateFiles(const Config& config);

// When the certificates in a PEM text expire. Returns nullopt if the text has no certificate, or
// one that cannot be read.
std::optional<absl::Time> ExpiryOf(CertificateKind kind, absl::string_view pem);

}  // namespace gateway

#endif  // SERVICE_CONFIG_CERTIFICATES_H_
