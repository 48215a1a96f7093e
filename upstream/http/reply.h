// Collects one reply from libcurl's callbacks, within limits.
//
// Thread-safety: none.
// Errors: an Append that returns false ends the transfer; failure() then tells why.
#ifndef UPSTREAM_HTTP_REPLY_H_
#define UPSTREAM_HTTP_REPLY_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"

namespace gateway::http {

class Reply {
 public:
  Reply(size_t max_header_bytes, size_t max_body_bytes)
      : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {}

  // Takes one line with its line end: a status line, a header, or the empty line after the last.
  // Informational replies (1xx) are dropped when the next status line comes, trailers are ignored;
  // both count towards the limit.
  bool AppendHeaderLine(absl::string_view line);

  // `announced` is the body's length as far as known, and -1 where not: a hint for the first
  // allocation.
  bool AppendBody(absl::string_view data, long announced);

  std::optional<Error::Kind> failure() const { return failure_; }

  // Whether the final reply's headers came to their end. libcurl takes a connection that closes
  // within them for an empty reply.
  bool has_head() const { return expecting_ == Expecting::kTrailers; }

  // Leaves this object empty.
  Response Take();

 private:
  enum class Expecting { kStatusLine, kHeaders, kTrailers };

  bool Fail(Error::Kind kind);
  void StartOver(absl::string_view status_line);

  const size_t max_header_bytes_;
  const size_t max_body_bytes_;
  Expecting expecting_ = Expecting::kStatusLine;
  size_t header_bytes_ = 0;
  bool has_length_ = false;
  std::optional<Error::Kind> failure_;
  Response response_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REPLY_H_
