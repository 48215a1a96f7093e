// Reads one reply from the bytes of a connection, within limits (RFC 9112):
//
//   Feed(bytes) -> interim heads (1xx) -> head -> body, decoded -> state() is kComplete
//
// The parser is Boost.Beast's. What it leaves to its user is decided here: interim replies, limits,
// encodings, and whether the connection is fit for another request.
//
// Thread-safety: none. Errors: state() is kBroken or kTooLarge where there is no head to go by;
// what goes wrong behind a complete head makes Response::body_state say so, for then the status
// decides what happened.
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

  // From here on the next reply.
  void Begin();

  // Returns how many of the bytes belong to the reply. All of them while state() is kReading.
  size_t Feed(absl::string_view bytes);

  // The connection ended, in good order or not. Completes a reply whose length is the connection's
  // end, where that came in good order; else, behind a complete head, the body is kCutShort.
  void End(bool in_good_order);

  State state() const;
  bool has_head() const;

  // The reply so far, its body kCutShort; only where has_head().
  Response TakeHead();
  // The whole reply; only once, and only where it is complete.
  Response Take();

  // Of a complete reply: whether the connection may serve another request, as far as the reply
  // says.
  bool keeps_connection() const;
  // For how long from now, where the reply says so ("Keep-Alive: timeout=5").
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
