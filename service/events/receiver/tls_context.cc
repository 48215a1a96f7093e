#include "service/events/receiver/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>

#include "absl/strings/str_cat.h"

namespace gateway::events {

absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(
    absl::string_view certificate_chain, absl::string_view key) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  boost::system::error_code error;
  context->use_certificate_chain(
      boost::asio::buffer(certificate_chain.data(), certificate_chain.size()), error);
  if (!error) {
    context->use_private_key(boost::asio::buffer(key.data(), key.size()), ssl::context::pem, error);
  }
  if (!error) return context;
  return absl::InvalidArgumentError(
      absl::StrCat("the certificate cannot be used: ", error.message()));
}

}  // namespace gateway::events
