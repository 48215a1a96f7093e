#include "tests/service/authority.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

// Returns what `write` puts into a BIO.
template <typename Write>
std::string Pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  Require(write(bio) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string PemOf(X509* certificate) {
  return Pem([=](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

Authority::Certificate Authority::Make(const Options& options, EVP_PKEY* key) {
  static long serial = 1;
  constexpr long kDay = 24L * 60 * 60;
  Certificate certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), -options.valid_since_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(x), options.valid_days * kDay + options.valid_seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()),
                             -1, -1, 0);
  X509_set_pubkey(x, key);
  return certificate;
}

Authority::Authority(const std::string& name) : key_(EVP_EC_gen("P-256")) {
  certificate_ = Make({.common_name = name}, key_.get());
  X509* const x = certificate_.get();
  X509_set_issuer_name(x, X509_get_subject_name(x));
  AddExtension(x, x, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(x, x, NID_key_usage, "critical,keyCertSign");
  Require(X509_sign(x, key_.get(), EVP_sha256()) > 0, "signing the authority");
  certificate_pem_ = PemOf(x);
  file_ = directory_.Write("ca.pem", certificate_pem_);
}

Identity Authority::Issue(const Options& options) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Make(options, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  if (!options.names.empty()) {
    AddExtension(certificate.get(), certificate_.get(), NID_subject_alt_name, options.names);
  }
  Require(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "signing");
  Identity identity;
  identity.certificate = PemOf(certificate.get());
  identity.key = Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  const std::string name = absl::StrCat(issued_++);
  identity.certificate_file = directory_.Write(name + ".crt", identity.certificate);
  identity.key_file = directory_.Write(name + ".key", identity.key);
  std::filesystem::permissions(
      identity.key_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return identity;
}

}  // namespace gateway
