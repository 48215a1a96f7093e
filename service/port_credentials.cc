#include "service/port_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "service/status.h"

namespace gateway {
namespace {

class PortCredentials : public grpc::ServerCredentials {
 public:
  ~PortCredentials() override {
    if (credentials_ != nullptr) grpc_server_credentials_release(credentials_);
  }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 protected:
  explicit PortCredentials(authorization::Authorizer* authorizer) : authorizer_(authorizer) {}

  void Use(grpc_server_credentials* credentials) {
    credentials_ = credentials;
    if (authorizer_ == nullptr) return;
    grpc_server_credentials_set_auth_metadata_processor(credentials_,
                                                        {Process, nullptr, authorizer_});
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // Of each call, before its handler.
  static void Process(void* authorizer, grpc_auth_context* context, const grpc_metadata* metadata,
                      size_t size, grpc_process_auth_metadata_done_cb done, void* user_data) {
    const absl::Status status =
        Judge(*static_cast<authorization::Authorizer*>(authorizer), context, metadata, size);
    done(user_data, nullptr, 0, nullptr, 0, static_cast<grpc_status_code>(status.code()),
         status.ok() ? nullptr : std::string(status.message()).c_str());
  }

  static absl::Status Judge(authorization::Authorizer& authorizer, grpc_auth_context* context,
                            const grpc_metadata* metadata, size_t size) {
    absl::string_view path;
    authorization::Presented presented;
    for (size_t i = 0; i < size; ++i) {
      const absl::string_view key = ViewOf(metadata[i].key);
      if (key == ":path") path = ViewOf(metadata[i].value);
      if (key == authorization::kAuthorization) {
        presented.authorization.push_back(ViewOf(metadata[i].value));
      }
    }
    if (!absl::StartsWith(path, "/grpc.reflection.") &&
        !absl::StartsWith(path, "/grpc.channelz.")) {
      return absl::OkStatus();
    }
    const std::optional<size_t> method = authorizer.Find(absl::StripPrefix(path, "/"));
    if (!method) return absl::OkStatus();  // nobody serves it
    presented.spiffe = PropertiesOf(context, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
    presented.dns = PropertiesOf(context, GRPC_PEER_DNS_PROPERTY_NAME);
    const auto refusal = authorizer.CheckStore(authorizer.Admit(*method, presented), "");
    if (!refusal) return absl::OkStatus();
    return absl::Status(refusal->code, absl::StrCat(kDomain, ": ", refusal->message));
  }

  static absl::string_view ViewOf(const grpc_slice& slice) {
    return absl::string_view(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)),
                             GRPC_SLICE_LENGTH(slice));
  }

  static authorization::Presented::Texts PropertiesOf(grpc_auth_context* context,
                                                      const char* name) {
    authorization::Presented::Texts values;
    grpc_auth_property_iterator iterator = grpc_auth_context_find_properties_by_name(context, name);
    while (const grpc_auth_property* property = grpc_auth_property_iterator_next(&iterator)) {
      values.emplace_back(property->value, property->value_length);
    }
    return values;
  }

  authorization::Authorizer* const authorizer_;
  grpc_server_credentials* credentials_ = nullptr;
};

class Plaintext final : public PortCredentials {
 public:
  explicit Plaintext(authorization::Authorizer* authorizer) : PortCredentials(authorizer) {
    Use(grpc_insecure_server_credentials_create());
  }
};

class Tls final : public PortCredentials {
 public:
  Tls(const TlsSlot& slot, grpc_ssl_client_certificate_request_type request,
      authorization::Authorizer* authorizer)
      : PortCredentials(authorizer), slot_(slot) {
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
                                                 bool require_client_certificate,
                                                 authorization::Authorizer* authorizer) {
  grpc_ssl_client_certificate_request_type request = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  if (!material.Get()->client_cas.empty()) {
    request = require_client_certificate
                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return std::make_shared<Tls>(material, request, authorizer);
}

std::shared_ptr<grpc::ServerCredentials> PlaintextPort(authorization::Authorizer* authorizer) {
  return std::make_shared<Plaintext>(authorizer);
}

}  // namespace gateway
