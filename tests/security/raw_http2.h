// HTTP/2 by hand, over TLS or in plain text: frames as they are wanted, not as a library would
// send them.
//
//   RawHttp2 connection(victim.port(), &identity);
//   const uint32_t stream = connection.Begin("/package.Service/Method");
//   connection.SendMessage(stream, 4 << 20, 1000);  // announced to be long; its first 1000 bytes
//
// Thread-safety: one thread. Errors: a connection that cannot be made ends the program; one that
// the peer closes is reported.
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

// A frame of HTTP/2 (RFC 9113, 4.1).
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload);
inline constexpr uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6,
                         kWindowUpdate = 8, kContinuation = 9;
inline constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

// A header field of HPACK: literal, not indexed, not compressed.
std::string Field(absl::string_view name, absl::string_view value);
// What a call of this path begins with.
std::string CallFields(absl::string_view path);

class RawHttp2 {
 public:
  // `identity` null: in plain text.
  RawHttp2(int port, const Identity* identity);
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  // Waits for room. False where the peer has closed the connection, or takes nothing any more.
  bool Send(absl::string_view bytes);

  // Begins a call with its headers alone; the stream's number.
  uint32_t Begin(absl::string_view path);

  // The beginning of a message that is announced to have `size` bytes: `sent` of them, as far as
  // the peer makes room for them. How many went out.
  size_t SendMessage(uint32_t stream, uint32_t size, size_t sent, bool end = false);

  // Takes what comes, at least for this time. False as soon as the connection is closed.
  bool Pump(absl::Duration time);

  bool closed() const { return closed_; }
  // Streams that the peer has ended.
  int ended() const { return static_cast<int>(ended_.size()); }

 private:
  // Takes what is there. Waits for something, at most for this time.
  void Receive(absl::Duration wait);
  void TakeFrames();
  int64_t Room(uint32_t stream);

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool closed_ = false;
  std::set<uint32_t> ended_;
  uint32_t next_stream_ = 1;
  std::string input_;
  int64_t initial_window_ = 65535;
  int64_t window_ = 65535;               // of the connection
  std::map<uint32_t, int64_t> windows_;  // of streams, apart from the initial one
};

}  // namespace gateway::security

#endif  // TESTS_SECURITY_RAW_HTTP2_H_
