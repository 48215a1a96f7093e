#include "tests/service/tls_exchange.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <memory>

#include "tests/security/raw_tcp.h"

namespace gateway {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

std::string PemOf(X509* certificate) {
  const std::unique_ptr<BIO, Deleter<BIO_free>> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

TlsAnswer ExchangeOverTls(int port, const std::string& authority_file, const std::string& request,
                          int most_version) {
  const std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), most_version);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_load_verify_locations(context.get(), authority_file.c_str(), nullptr);
  const std::unique_ptr<SSL, Deleter<SSL_free>> ssl(SSL_new(context.get()));
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), "127.0.0.1");
  const int fd = security::Connect(port);
  SSL_set_fd(ssl.get(), fd);
  TlsAnswer answer;
  answer.handshake = SSL_connect(ssl.get()) == 1;
  if (answer.handshake) {
    const std::unique_ptr<X509, Deleter<X509_free>> peer(SSL_get1_peer_certificate(ssl.get()));
    answer.certificate = PemOf(peer.get());
    SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
    char buffer[4096];
    int size = 0;
    while ((size = SSL_read(ssl.get(), buffer, sizeof(buffer))) > 0) {
      answer.text.append(buffer, static_cast<size_t>(size));
    }
    SSL_shutdown(ssl.get());
  }
  close(fd);
  return answer;
}

}  // namespace gateway
