// Reads the head of an HTTP/1.1 request strictly: whatever two readers could take differently is
// refused. So nothing that an ingress has let through can be a second request in here.
//
//   head         = request-line *( field CRLF ) CRLF
//   request-line = method SP target SP "HTTP/1.1" CRLF          (one space each, no control bytes)
//   field        = token ":" OWS value OWS                      (no folding, no bare CR or LF, no
//   NUL)
//
// Refused as well: no Host or two; Content-Length twice, beside Transfer-Encoding, or not of digits
// alone; a Transfer-Encoding other than "chunked"; more than kMostFields fields.
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
  std::optional<uint64_t> content_length;  // nothing where the body is chunked, or there is none
  bool chunked = false;
  bool expects_continue = false;
  bool closes = false;  // "Connection: close"
};

// Whether this beginning of a head can still become one: false where a line end is bare, or a NUL
// is there. So whoever sends such a thing need not be waited for.
bool MayBecomeHead(absl::string_view beginning);

// `text` ends with the empty line. INVALID_ARGUMENT says what is wrong, and shows nothing of it.
absl::StatusOr<Head11> ReadStrictHead(absl::string_view text);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_STRICT_HEAD_H_
