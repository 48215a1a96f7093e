// Reads the head of an HTTP/1.1 request strictly: it refuses everything that two HTTP parsers could
// read differently. So nobody can hide a second request from an ingress (request smuggling).
//
//   head         = request-line *( field CRLF ) CRLF
//   request-line = method SP target SP "HTTP/1.1" CRLF   (one space each, no control bytes)
//   field        = token ":" OWS value OWS               (no folding, no bare CR or LF, no NUL)
//
// Also refused: no Host or two; Content-Length twice, beside Transfer-Encoding, or not of digits
// alone; a Transfer-Encoding other than "chunked"; an Expect other than "100-continue"; more than
// kMostFields fields.
//
// Thread-safety: a pure function. Lifetime: what it returns points into the text.
#ifndef SERVICE_EVENTS_RECEIVER_STRICT_HEAD_H_
#define SERVICE_EVENTS_RECEIVER_STRICT_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/webhooks/verifier.h"

namespace gateway::events {

inline constexpr size_t kMostFields = 100;

struct Head11 {
  absl::string_view method;
  absl::string_view target;
  std::vector<webhooks::Header> fields;
  std::optional<uint64_t> content_length;  // empty if the head has no Content-Length
  bool chunked = false;
  bool expects_continue = false;
  bool closes = false;  // "Connection: close"
};

// Returns false if `beginning` cannot become a valid head: it has a bare CR or LF, or a NUL. Then
// the receiver does not wait for more bytes.
bool MayBecomeHead(absl::string_view beginning);

// `text` ends with the empty line. INVALID_ARGUMENT says what is wrong, and shows nothing of the
// text.
absl::StatusOr<Head11> ReadStrictHead(absl::string_view text);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_STRICT_HEAD_H_
