// The TLS context with which the receiver accepts connections.
//
// Thread-safety: a pure function; a context may be used by the connections of one thread.
#ifndef SERVICE_EVENTS_RECEIVER_TLS_CONTEXT_H_
#define SERVICE_EVENTS_RECEIVER_TLS_CONTEXT_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::events {

// TLS 1.2 or newer, without renegotiation. Both arguments are PEM texts. INVALID_ARGUMENT if
// OpenSSL refuses one of them.
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(
    absl::string_view certificate_chain, absl::string_view key);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_TLS_CONTEXT_H_
