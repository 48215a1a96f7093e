// A certificate authority for TLS tests, and the certificates that it issues, as PEM files.
//
// Thread-safety: one thread. Lifetime: the destructor deletes the files. Errors: a failing OpenSSL
// call ends the program.
//
//   Authority authority("clients");
//   const Identity shop = authority.Issue({.names = "URI:spiffe://example/shop"});
//   ... authority.certificate(), shop.certificate and shop.key are PEM; *_file are their paths
#ifndef TESTS_SERVICE_AUTHORITY_H_
#define TESTS_SERVICE_AUTHORITY_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "tests/service/temp_dir.h"

namespace gateway {

struct Identity {
  std::string certificate;
  std::string key;
  std::string certificate_file;
  std::string key_file;
};

class Authority {
 public:
  struct Options {
    std::string names = "DNS:localhost,IP:127.0.0.1";  // subjectAltName
    std::string common_name = "test";
    int valid_days = 1;         // from now; negative: expired
    int valid_seconds = 0;      // in addition to valid_days
    int valid_since_days = 30;  // before now; negative: not valid yet
  };

  explicit Authority(const std::string& name);

  Identity Issue(const Options& options);

  const std::string& certificate() const { return certificate_pem_; }
  const std::string& file() const { return file_; }

 private:
  struct Deleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Deleter>;
  using Certificate = std::unique_ptr<X509, Deleter>;

  static Certificate Make(const Options& options, EVP_PKEY* key);

  TempDir directory_;
  int issued_ = 0;
  Key key_;
  Certificate certificate_;
  std::string certificate_pem_;
  std::string file_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_AUTHORITY_H_
