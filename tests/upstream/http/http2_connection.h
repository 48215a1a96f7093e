// One accepted connection of an Http2Server: TLS below, nghttp2's session above, and what becomes
// of each stream.
//
// Thread-safety: none; it belongs to its connection's thread.
// Lifetime: the server, the SSL object and the socket must outlive it.
#ifndef TESTS_UPSTREAM_HTTP_HTTP2_CONNECTION_H_
#define TESTS_UPSTREAM_HTTP_HTTP2_CONNECTION_H_

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <limits>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "tests/upstream/http/http2_server.h"

namespace gateway::http {

class Http2Server::Connection {
 public:
  Connection(Http2Server* server, SSL* ssl, int fd, int number);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the client leaves, the server stops, or a treatment ends it.
  void Run();

  bool was_reset() const { return reset_; }

 private:
  // A reply on its way.
  struct Outgoing {
    StreamAnswer answer;
    size_t sent = 0;                         // of this round
    int rounds = 0;                          // that are over
    absl::Time next = absl::InfinitePast();  // no byte before
    bool waits = false;                      // for `next`
  };

  // False when the server stops or the client left. Replies to what was held as soon as that is
  // released, and goes on with what waited for its time.
  bool AwaitInput();
  int UntilNext() const;
  void Resume();
  bool Flush();

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* self);
  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                    void* self);
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static ssize_t OnBody(nghttp2_session*, int32_t stream, uint8_t* out, size_t room,
                        uint32_t* flags, nghttp2_data_source*, void* self);

  void OnRequest(int32_t stream);
  void Treat(int32_t stream, StreamAnswer answer);
  void Reply(int32_t stream, StreamAnswer answer);
  ssize_t NextPart(int32_t stream, uint8_t* out, size_t room, uint32_t* flags);
  void ResetStream(int32_t stream, uint32_t code);
  void GoAway();
  void Hold(int32_t stream, StreamAnswer answer);
  std::map<int32_t, StreamAnswer> Unhold();
  void Count(int State::*counter);

  Http2Server* const server_;
  SSL* const ssl_;
  const int fd_;
  const int number_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Received> incoming_;
  std::map<int32_t, Outgoing> outgoing_;
  std::map<int32_t, StreamAnswer> held_;
  size_t requests_ = 0;
  int32_t last_executed_ = 0;
  int32_t goaway_last_ = std::numeric_limits<int32_t>::max();
  bool over_ = false;
  bool reset_ = false;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_HTTP2_CONNECTION_H_
