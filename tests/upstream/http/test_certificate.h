// A certificate authority and one server certificate, made for a test.
//
// Lifetime: the destructor deletes the authority's file. Errors: a failing OpenSSL call ends the
// program.
#ifndef TESTS_UPSTREAM_HTTP_TEST_CERTIFICATE_H_
#define TESTS_UPSTREAM_HTTP_TEST_CERTIFICATE_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace gateway::http {

class TestCertificate {
 public:
  struct Options {
    std::string subject_alternative_name = "DNS:localhost,IP:127.0.0.1";
    int valid_days = 1;  // negative: expired
  };

  TestCertificate() : TestCertificate(Options{}) {}
  explicit TestCertificate(const Options& options);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  // The authority's certificate in PEM, as text and as the path of a file.
  const std::string& authority() const { return authority_; }
  const std::string& ca_file() const { return ca_file_; }

  // The certificate and its key in PEM, for the side that authenticates itself with them.
  std::string certificate() const;
  std::string key() const;

  void InstallIn(SSL_CTX* context) const;

  // Makes servers with this context require a client certificate of this authority.
  void RequireIn(SSL_CTX* context) const;

 private:
  struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  struct CertificateDeleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
  using Certificate = std::unique_ptr<X509, CertificateDeleter>;

  static Certificate Make(const std::string& name, int valid_days, EVP_PKEY* key);

  Key key_;
  Certificate certificate_;
  Certificate ca_;
  std::string authority_;
  std::string ca_file_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TEST_CERTIFICATE_H_
