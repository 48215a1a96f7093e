#include "service/config/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace gateway {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

std::optional<absl::Time> EndOf(const X509& certificate) {
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) return std::nullopt;
  return absl::FromTM(end, absl::UTCTimeZone());
}

// Adds the files for connections to an upstream or a forwarder's target.
void AddOutgoing(const std::string& label, const std::string& name, const UpstreamTlsFiles& tls,
                 std::vector<CertificateFile>& files) {
  files.push_back({CertificateKind::kAuthorities, label + "_ca", tls.ca_file, label, name});
  files.push_back({CertificateKind::kChain, label + "_client", tls.certificate_file, label, name});
}

}  // namespace

std::vector<CertificateFile> CertificateFiles(const Config& config) {
  std::vector<CertificateFile> files;
  const TlsConfig& tls = config.server.tls;
  files.push_back({CertificateKind::kChain, "server", tls.certificate_file});
  files.push_back({CertificateKind::kAuthorities, "client_ca", tls.client_ca_file});
  for (const auto& [domain, file] : tls.trust_domains) {
    files.push_back({CertificateKind::kAuthorities, "trust_domain", file, "trust_domain", domain});
  }
  files.push_back({CertificateKind::kChain, "webhooks", config.webhooks.receiver.certificate_file});
  for (const auto& [name, upstream] : config.upstreams) {
    AddOutgoing("upstream", name, upstream.tls, files);
  }
  for (const auto& [name, forward] : config.events.forward) {
    AddOutgoing("forward", name, forward.http.tls, files);
    AddOutgoing("forward", name, forward.nats.tls, files);
  }
  std::erase_if(files, [](const CertificateFile& file) { return file.file.empty(); });
  return files;
}

std::optional<absl::Time> ExpiryOf(CertificateKind kind, absl::string_view pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return std::nullopt;
  std::optional<absl::Time> expiry;
  while (const std::unique_ptr<X509, Free> certificate{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    const std::optional<absl::Time> end = EndOf(*certificate);
    if (!end) return std::nullopt;
    const bool counts =
        !expiry || (kind == CertificateKind::kChain ? *end < *expiry : *end > *expiry);
    if (counts) expiry = end;
  }
  // At the end of the text this reader reports PEM_R_NO_START_LINE. Any other error is a real one.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end ? expiry : std::nullopt;
}

}  // namespace gateway
