#include "service/port_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <string>
#include <utility>

namespace gateway {
namespace {

class PortCredentials : public grpc::ServerCredentials {
 public:
  ~PortCredentials() override {
    if (credentials_ != nullptr) grpc_server_credentials_release(credentials_);
  }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 protected:
  void Use(grpc_server_credentials* credentials) { credentials_ = credentials; }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* credentials_ = nullptr;
};

class Plaintext final : public PortCredentials {
 public:
  Plaintext() { Use(grpc_insecure_server_credentials_create()); }
};

class Tls final : public PortCredentials {
 public:
  Tls(const TlsSlot& slot, grpc_ssl_client_certificate_request_type request) : slot_(slot) {
    Use(grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request, Fetch, this)));
  }

 private:
  // At each handshake, one at a time: gRPC holds a lock of the port's.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<Tls*>(self)->Fetch(*config);
  }

  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config*& config) {
    std::shared_ptr<const TlsMaterial> material = slot_.Get();
    if (material == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {material->key.c_str(),
                                             material->certificate_chain.c_str()};
    // gRPC insists on authorities for clients. Where no client is asked for a certificate, it does
    // not matter which.
    const std::string& cas =
        material->client_cas.empty() ? material->certificate_chain : material->client_cas;
    config = grpc_ssl_server_certificate_config_create(cas.c_str(), &pair, 1);
    given_ = std::move(material);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const TlsSlot& slot_;
  std::shared_ptr<const TlsMaterial> given_;  // to gRPC last
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsPort(const TlsSlot& material,
                                                 bool require_client_certificate) {
  grpc_ssl_client_certificate_request_type request = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  if (!material.Get()->client_cas.empty()) {
    request = require_client_certificate
                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return std::make_shared<Tls>(material, request);
}

std::shared_ptr<grpc::ServerCredentials> PlaintextPort() { return std::make_shared<Plaintext>(); }

}  // namespace gateway
