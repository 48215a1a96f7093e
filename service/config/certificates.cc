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

}  // namespace

std::vector<CertificateFile> CertificateFiles(const Config& config) {
  std::vector<CertificateFile> files;
  const TlsConfig& tls = config.server.tls;
  if (tls.enabled()) files.push_back({CertificateKind::kChain, "server", "", tls.certificate_file});
  if (!tls.client_ca_file.empty()) {
    files.push_back({CertificateKind::kAuthorities, "client_ca", "", tls.client_ca_file});
  }
  for (const auto& [name, upstream] : config.upstreams) {
    const UpstreamTlsFiles& upstream_tls = upstream.tls;
    if (!upstream_tls.ca_file.empty()) {
      files.push_back({CertificateKind::kAuthorities, "upstream_ca", name, upstream_tls.ca_file});
    }
    if (!upstream_tls.certificate_file.empty()) {
      files.push_back(
          {CertificateKind::kChain, "upstream_client", name, upstream_tls.certificate_file});
    }
  }
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
