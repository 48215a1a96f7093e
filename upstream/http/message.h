// The values that travel through upstream/http: a request in, a response or a transport error out.
//
// A Response says that HTTP worked, not that the request succeeded: HTTP 404 is a Response, and a
// reset connection is an Error.
#ifndef UPSTREAM_HTTP_MESSAGE_H_
#define UPSTREAM_HTTP_MESSAGE_H_

#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "upstream/http/header_lines.h"
#include "upstream/steady_time.h"

namespace gateway::http {

enum class Method { kGet, kPost, kPut, kPatch, kDelete };

// The verb as it is written on the wire.
absl::string_view Name(Method method);

struct Request {
  Method method = Method::kGet;
  // Absolute: scheme, host, path and query, all percent-encoded.
  std::string url;
  // Without CR, LF or NUL. The transport itself sets Host, Content-Length and the like.
  HeaderLines headers;
  // Sent if has_body is set, even if it is empty.
  std::string body;
  bool has_body = false;
  // Bounds everything: queueing, connecting, the transfer.
  SteadyTime deadline = SteadyTime::InfiniteFuture();
};

// The state of a reply's body, once the reply's head was complete.
enum class Body {
  kWhole,
  kCutShort,    // the connection ended, or the deadline came, within the body
  kUnreadable,  // the body's encoding was not asked for, or cannot be decoded
  kTooLarge,    // the body exceeds the configured size
};

struct Response {
  int status = 0;
  // As received, "Name: value\r\n" for each; the status line is not part of it.
  std::string headers;
  // The capacity of this string exceeds its size by at least kBodyPadding, so that a parser may
  // read past the end.
  std::string body;
  // If this is not kWhole, `body` is empty, and only the status says what happened.
  Body body_state = Body::kWhole;

  // The value of the first header with this name (case is ignored), or "" if there is none.
  absl::string_view Header(absl::string_view name) const;
};

inline constexpr size_t kBodyPadding = 64;

// Why there is no response.
struct Error {
  enum class Kind {
    kResolve,     // the host's name has no address
    kConnect,     // refused, unreachable, or not connected in time
    kTls,         // handshake or certificate
    kBroken,      // the connection ended, or what came was not HTTP
    kTooLarge,    // the head of the reply exceeds the configured size
    kDeadline,    // the request's deadline passed
    kCancelled,   // Cancel() was called
    kOverloaded,  // no room: the queue is full, or no descriptor is left
    kShutdown,    // the transport is stopping
    kInvalid,     // the request cannot be sent as it is
  };
  Kind kind = Kind::kBroken;
  // Whether the upstream may have acted on the request. False is a promise: no byte of it was
  // handed to a socket, or to TLS.
  bool sent = false;
  // For people; holds nothing of the request's content.
  std::string message;
  // With kTooLarge: the status in the first line of the head; 0 if that has none.
  int status = 0;
};

// A short stable name for metrics and logs: "connect", "tls"...
absl::string_view Name(Error::Kind kind);

using Result = std::variant<Response, Error>;

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_MESSAGE_H_
