// HTTP/2 frames built by hand, over TLS or in plain text, so that a test can send frames that no
// library would send.
//
//   RawHttp2 connection(victim.port(), &identity);
//   const uint32_t stream = connection.Begin("/package.Service/Method");
//   connection.SendMessage(stream, 4 << 20, 1000);  // announces 4 MiB, sends the first 1000 bytes
//
// Thread-safety: one thread. Errors: a failing connect ends the program; a connection closed by the
// peer is reported.
#ifndef TESTS_SECURITY_RAW_HTTP2_H_
#define TESTS_SECURITY_RAW_HTTP2_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/service/authority.h"

namespace gateway::security {

// Returns an HTTP/2 frame (RFC 9113, 4.1).
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload);
inline constexpr uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6,
                         kWindowUpdate = 8, kContinuation = 9;
inline constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

// Returns an HPACK header field: literal, not indexed, not compressed.
std::string Field(absl::string_view name, absl::string_view value);
// Returns the header fields that begin a call to this path.
std::string CallFields(absl::string_view path);

class RawHttp2 {
 public:
  // If `identity` is null, the connection is plain text.
  RawHttp2(int port, const Identity* identity);
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  // Waits for room in the socket. Returns false if the peer has closed the connection or stops
  // reading.
  bool Send(absl::string_view bytes);

  // Begins a call by sending only its headers. Returns the stream's number.
  uint32_t Begin(absl::string_view path);

  // Announces a message of `size` bytes and sends the first `sent` bytes, as far as flow control
  // allows. Returns the number of bytes sent.
  size_t SendMessage(uint32_t stream, uint32_t size, size_t sent, bool end = false);

  // Receives for at least this time. Returns false as soon as the connection is closed.
  bool Pump(absl::Duration time);

  bool closed() const { return closed_; }
  // Whether Send ended the connection because the peer did not read for 20 seconds.
  bool gave_up() const { return gave_up_; }
  // The number of streams that the peer has ended.
  int ended() const { return static_cast<int>(ended_.size()); }

 private:
  // Returns when all is written, or the connection is closed.
  void Write(absl::string_view bytes);
  // Receives what is available, and answers it. Waits at most this long for the first bytes.
  void Receive(absl::Duration wait);
  // The same without the answers: they are in owed_.
  void Hear(absl::Duration wait);
  void TakeFrames();
  int64_t Room(uint32_t stream);

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool closed_ = false;
  bool gave_up_ = false;
  std::set<uint32_t> ended_;
  uint32_t next_stream_ = 1;
  std::string input_;
  std::string owed_;  // frames that are to follow what is being written
  int64_t initial_window_ = 65535;
  int64_t window_ = 65535;               // of the connection
  std::map<uint32_t, int64_t> windows_;  // per stream, relative to the initial window
};

}  // namespace gateway::security

#endif  // TESTS_SECURITY_RAW_HTTP2_H_
