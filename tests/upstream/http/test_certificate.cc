#include "tests/upstream/http/test_certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gateway::http {
namespace {

void RequireThat(bool good, const char* what) {
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
  RequireThat(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

// Returns what `write` puts into a BIO.
template <typename Write>
std::string Pem(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  RequireThat(write(memory) == 1, "PEM form");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(memory);
  return pem;
}

std::string PemOf(X509* certificate) {
  return Pem([=](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

}  // namespace

TestCertificate::Certificate TestCertificate::Make(const std::string& name, int valid_days,
                                                   EVP_PKEY* key) {
  static long serial = 1;
  constexpr long kDay = 24L * 60 * 60;
  Certificate certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), -30 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(x), valid_days * kDay);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(x, key);
  return certificate;
}

TestCertificate::TestCertificate(const Options& options) : key_(EVP_EC_gen("P-256")) {
  const Key ca_key(EVP_EC_gen("P-256"));
  RequireThat(key_ != nullptr && ca_key != nullptr, "keys");

  ca_ = Make("Test authority", 1, ca_key.get());
  X509_set_issuer_name(ca_.get(), X509_get_subject_name(ca_.get()));
  AddExtension(ca_.get(), ca_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca_.get(), ca_.get(), NID_key_usage, "critical,keyCertSign");
  RequireThat(X509_sign(ca_.get(), ca_key.get(), EVP_sha256()) > 0, "signing the authority");

  certificate_ = Make("Test server", options.valid_days, key_.get());
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(ca_.get()));
  AddExtension(certificate_.get(), ca_.get(), NID_subject_alt_name,
               options.subject_alternative_name);
  RequireThat(X509_sign(certificate_.get(), ca_key.get(), EVP_sha256()) > 0,
              "signing the server's");

  authority_ = PemOf(ca_.get());
  const char* directory = std::getenv("TMPDIR");
  ca_file_ = std::string(directory == nullptr ? "/tmp" : directory) + "/test_ca_XXXXXX";
  const int fd = mkstemp(ca_file_.data());
  RequireThat(fd >= 0, "mkstemp");
  RequireThat(
      write(fd, authority_.data(), authority_.size()) == static_cast<ssize_t>(authority_.size()),
      "writing the authority");
  close(fd);
}

TestCertificate::~TestCertificate() { unlink(ca_file_.c_str()); }

std::string TestCertificate::certificate() const { return PemOf(certificate_.get()); }

std::string TestCertificate::key() const {
  return Pem([this](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void TestCertificate::RequireIn(SSL_CTX* context) const {
  RequireThat(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca_.get()) == 1, "authority");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // OpenSSL needs this to resume sessions when it verifies client certificates.
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
}

void TestCertificate::InstallIn(SSL_CTX* context) const {
  RequireThat(SSL_CTX_use_certificate(context, certificate_.get()) == 1, "certificate");
  RequireThat(SSL_CTX_use_PrivateKey(context, key_.get()) == 1, "key");
}

}  // namespace gateway::http
