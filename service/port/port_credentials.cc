#include "service/port/port_credentials.h"

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
#include "service/call/status.h"
#include "service/port/session_resumption.h"

namespace gateway {
namespace {

// The bytes that HTTP/2 counts for each header in addition to its name and value.
constexpr size_t kOverhead = 32;

class PortCredentials : public grpc::ServerCredentials {
 public:
  ~PortCredentials() override {
    if (credentials_ != nullptr) grpc_server_credentials_release(credentials_);
  }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 protected:
  explicit PortCredentials(const PortChecks& checks) : checks_(checks) {}

  void Use(grpc_server_credentials* credentials) {
    credentials_ = credentials;
    if (checks_.authorizer == nullptr) return;
    grpc_server_credentials_set_auth_metadata_processor(credentials_, {Process, nullptr, this});
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC calls this for each call, before its handler.
  static void Process(void* self, grpc_auth_context* context, const grpc_metadata* metadata,
                      size_t size, grpc_process_auth_metadata_done_cb done, void* user_data) {
    const absl::Status status = static_cast<PortCredentials*>(self)->Judge(context, metadata, size);
    done(user_data, nullptr, 0, nullptr, 0, static_cast<grpc_status_code>(status.code()),
         status.ok() ? nullptr : std::string(status.message()).c_str());
  }

  absl::Status Judge(grpc_auth_context* context, const grpc_metadata* metadata, size_t size) const {
    absl::string_view path;
    size_t bytes = 0;
    authorization::Presented presented;
    for (size_t i = 0; i < size; ++i) {
      const absl::string_view key = ViewOf(metadata[i].key);
      const absl::string_view value = ViewOf(metadata[i].value);
      bytes += key.size() + value.size() + kOverhead;
      if (key == ":path") path = value;
      if (key == authorization::kAuthorization) presented.authorization.push_back(value);
    }
    if (!absl::StartsWith(path, "/grpc.")) return absl::OkStatus();
    if (bytes > checks_.max_metadata_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(kDomain, ": the metadata is too large"));
    }
    for (const absl::string_view pem : PropertiesOf(context, GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
      presented.certificate = pem;
    }
    for (const absl::string_view pem :
         PropertiesOf(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME)) {
      presented.chain = pem;
    }
    presented.spiffe = PropertiesOf(context, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
    presented.dns = PropertiesOf(context, GRPC_PEER_DNS_PROPERTY_NAME);
    const auto refusal = Ask(absl::StripPrefix(path, "/"), presented);
    if (!refusal) return absl::OkStatus();
    return absl::Status(refusal->code, absl::StrCat(kDomain, ": ", refusal->message));
  }

  // Returns a refusal, or nullopt. Health checks and methods that are not served need no rule, but
  // a client certificate must be good.
  std::optional<mapping::Failure> Ask(absl::string_view name,
                                      const authorization::Presented& presented) const {
    const std::optional<size_t> method = checks_.authorizer->Find(name);
    const auto settings = checks_.in_force->Get()->authorization;
    if (!method) return checks_.authorizer->CheckPeer(*settings, presented);
    return checks_.authorizer->CheckStore(checks_.authorizer->Admit(settings, *method, presented),
                                          "");
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

  const PortChecks checks_;
  grpc_server_credentials* credentials_ = nullptr;
};

class Plaintext final : public PortCredentials {
 public:
  explicit Plaintext(const PortChecks& checks) : PortCredentials(checks) {
    Use(grpc_insecure_server_credentials_create());
  }
};

class Tls final : public PortCredentials {
 public:
  Tls(const Slot<Generation>& in_force, grpc_ssl_client_certificate_request_type request,
      const PortChecks& checks)
      : PortCredentials(checks), in_force_(in_force) {
    ForbidSessionResumption();
    Use(grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request, Fetch, this)));
  }

 private:
  // gRPC calls this at each handshake, with a lock of the port held, so never twice at a time.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<Tls*>(self)->Fetch(*config);
  }

  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config*& config) {
    std::shared_ptr<const TlsMaterial> material = in_force_.Get()->tls;
    if (material == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {material->key.c_str(),
                                             material->certificate_chain.c_str()};
    // gRPC insists on authorities for clients. If no client is asked for a certificate, it does not
    // matter which.
    const std::string& cas =
        material->client_cas.all.empty() ? material->certificate_chain : material->client_cas.all;
    config = grpc_ssl_server_certificate_config_create(cas.c_str(), &pair, 1);
    given_ = std::move(material);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const Slot<Generation>& in_force_;
  std::shared_ptr<const TlsMaterial> given_;  // the material that gRPC got last
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsPort(const Slot<Generation>& in_force,
                                                 bool require_client_certificate,
                                                 const PortChecks& checks) {
  grpc_ssl_client_certificate_request_type request = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  if (!in_force.Get()->tls->client_cas.all.empty()) {
    request = require_client_certificate
                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return std::make_shared<Tls>(in_force, request, checks);
}

std::shared_ptr<grpc::ServerCredentials> PlaintextPort(const PortChecks& checks) {
  return std::make_shared<Plaintext>(checks);
}

}  // namespace gateway
