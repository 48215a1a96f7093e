// Reads one reply from the bytes of a connection, within limits (RFC 9112):
//
//   Feed(bytes) -> interim heads (1xx) -> head -> body, decoded -> state() is kComplete
//
// Boost.Beast is the parser. This class decides what Beast leaves to its user: interim replies,
// limits, encodings, and whether the connection is fit for another request.
//
// Thread-safety: none. Errors: before the head is complete, state() becomes kBroken or kTooLarge.
// After that, errors only set Response::body_state, because the status already says what happened.
//
//   reader.Begin();
//   const size_t used = reader.Feed(bytes);  // again and again, until state() is not kReading
//   if (reader.state() == State::kComplete) Response response = reader.Take();
#ifndef UPSTREAM_HTTP_RESPONSE_READER_H_
#define UPSTREAM_HTTP_RESPONSE_READER_H_

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/http/message.h"

namespace gateway::http {

class ResponseReader {
 public:
  enum class State {
    kReading,
    kComplete,
    kBroken,    // this is no HTTP reply
    kTooLarge,  // the heads exceed the limit
  };

  ResponseReader(size_t max_header_bytes, size_t max_body_bytes);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  // Begins the next reply.
  void Begin();

  // Returns how many of the bytes belong to the reply. All of them while state() is kReading.
  size_t Feed(absl::string_view bytes);

  // Says that the connection ended. If it ended in good order, this completes a reply that lasts
  // until the end of the connection. Otherwise, if the head is complete, the body is kCutShort.
  void End(bool in_good_order);

  State state() const;
  bool has_head() const;
  // If state() is kTooLarge: the status of the reply's head, or 0 if its first line has none.
  int status_of_large_head() const;

  // Returns the reply so far, with its body kCutShort. has_head() must be true.
  Response TakeHead();
  // Returns the whole reply. Must be called only once, and only if it is complete.
  Response Take();

  // For a complete reply: whether it allows another request on the connection.
  bool keeps_connection() const;
  // How long the upstream keeps the connection, if the reply says so ("Keep-Alive: timeout=5").
  std::optional<absl::Duration> keep_alive() const;

 private:
  struct Parsed;
  class Parser;
  struct Reply;

  size_t Parse(absl::string_view bytes, size_t seen);
  size_t ParseHead(absl::string_view bytes, size_t seen);
  size_t ParseBody(absl::string_view bytes);
  void EndMessage();
  void Stop(State without_head, Body body);

  const size_t max_header_bytes_;
  const std::unique_ptr<Reply> reply_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_RESPONSE_READER_H_
