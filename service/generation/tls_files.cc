#include "service/generation/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"

namespace gateway {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

// No passphrase: without this OpenSSL would ask the terminal for one.
int NoPassphrase(char*, int, int, void*) { return -1; }

Bio Over(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Returns all certificates, or none if one cannot be read.
std::vector<Certificate> ReadCertificates(const std::string& pem) {
  const Bio bio = Over(pem);
  std::vector<Certificate> all;
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    all.emplace_back(next);
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_the_end) all.clear();
  return all;
}

Key ReadKeyPem(const std::string& pem) {
  const Bio bio = Over(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return key;
}

absl::Status Bad(absl::string_view setting, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(setting, ": ", reason));
}

absl::StatusOr<std::string> ReadSetting(absl::string_view setting, const std::string& file) {
  absl::StatusOr<std::string> text = ReadTrustedFile(file);
  if (!text.ok()) return Prefixed(absl::StrCat(setting, ": "), text.status());
  return text;
}

// Checks the dates of the gateway's own certificate. A date that cannot be read counts as past.
absl::Status CheckTimes(absl::string_view setting, const X509* certificate, absl::Time now) {
  time_t moment = absl::ToTimeT(now);
  if (X509_cmp_time(X509_get0_notBefore(certificate), &moment) > 0) {
    return Bad(setting, "is not valid yet");
  }
  if (X509_cmp_time(X509_get0_notAfter(certificate), &moment) <= 0) {
    return Bad(setting, "has expired");
  }
  return absl::OkStatus();
}

absl::Status LoadAuthorities(absl::string_view setting, const std::string& file,
                             std::string& authorities) {
  absl::StatusOr<std::string> text = ReadSetting(setting, file);
  if (!text.ok()) return text.status();
  if (ReadCertificates(*text).empty()) return Bad(setting, "holds no certificate in PEM");
  authorities = *std::move(text);
  return absl::OkStatus();
}

absl::Status LoadClientAuthorities(const TlsConfig& config,
                                   authorization::ClientAuthorities& authorities) {
  absl::Status status = LoadAuthorities("client_ca_file", config.client_ca_file, authorities.all);
  for (const auto& [domain, file] : config.trust_domains) {
    if (!status.ok()) break;
    status = LoadAuthorities(absl::StrCat("trust_domains.", domain, ".ca_file"), file,
                             authorities.of_domains[domain]);
  }
  return status;
}

// Reads a certificate chain and its key, and checks both. `prefix` stands before the settings'
// names.
absl::Status LoadIdentity(absl::string_view prefix, const std::string& certificate_file,
                          const std::string& key_file, absl::Time now, std::string& chain,
                          std::string& key_text) {
  const std::string certificate_setting = absl::StrCat(prefix, "certificate_file");
  const std::string key_setting = absl::StrCat(prefix, "key_file");
  absl::StatusOr<std::string> text = ReadSetting(certificate_setting, certificate_file);
  if (!text.ok()) return text.status();
  chain = *std::move(text);
  const std::vector<Certificate> certificates = ReadCertificates(chain);
  if (certificates.empty()) return Bad(certificate_setting, "holds no certificate in PEM");
  const absl::Status times = CheckTimes(certificate_setting, certificates.front().get(), now);
  if (!times.ok()) return times;
  text = ReadSetting(key_setting, key_file);
  if (!text.ok()) return text.status();
  key_text = *std::move(text);
  const Key key = ReadKeyPem(key_text);
  if (key == nullptr) return Bad(key_setting, "holds no private key in PEM without a passphrase");
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return Bad(key_setting, "is not the key of the certificate in certificate_file");
  }
  return absl::OkStatus();
}

}  // namespace

TlsMaterial::~TlsMaterial() { explicit_bzero(key.data(), key.size()); }

absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadTls(const TlsConfig& config,
                                                           absl::Time now) {
  const auto material = std::make_shared<TlsMaterial>();
  absl::Status status = LoadIdentity("", config.certificate_file, config.key_file, now,
                                     material->certificate_chain, material->key);
  if (!status.ok()) return status;
  if (config.client_ca_file.empty()) return material;
  status = LoadClientAuthorities(config, material->client_cas);
  if (!status.ok()) return status;
  return material;
}

absl::StatusOr<std::shared_ptr<const TlsMaterial>> LoadClientCas(
    const TlsConfig& config, const std::shared_ptr<const TlsMaterial>& present) {
  const auto changed = std::make_shared<TlsMaterial>();
  const absl::Status status = LoadClientAuthorities(config, changed->client_cas);
  if (!status.ok()) return status;
  if (changed->client_cas == present->client_cas) return present;
  changed->certificate_chain = present->certificate_chain;
  changed->key = present->key;
  return changed;
}

absl::StatusOr<http::TlsOptions> LoadUpstreamTls(const UpstreamTlsFiles& files, absl::Time now) {
  http::TlsOptions tls;
  absl::Status status;
  if (!files.ca_file.empty()) status = LoadAuthorities("ca_file", files.ca_file, tls.authorities);
  if (status.ok() && !files.certificate_file.empty()) {
    status =
        LoadIdentity("tls.", files.certificate_file, files.key_file, now, tls.certificate, tls.key);
  }
  if (!status.ok()) return status;
  return tls;
}

}  // namespace gateway
