// A gRPC client that behaves as no gRPC library would: it never grants flow-control window for
// replies, resets calls that it has just begun, or sends pings continuously. HTTP/2 over plain TCP
// with prior knowledge.
//
// Thread-safety: one thread. Lifetime: the destructor closes the connection.
// Errors: a failing call of the system or nghttp2 ends the program; a connection closed by the peer
// is reported.
//
//   RawHttp2Client client(gateway.address(), {.reads_replies = false});
//   for (int i = 0; i < 100; ++i) client.Begin("/package.Service/Method", request);
//   EXPECT_TRUE(client.Pump(absl::Seconds(1)));
#ifndef TESTS_LOAD_RAW_HTTP2_CLIENT_H_
#define TESTS_LOAD_RAW_HTTP2_CLIENT_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::load {

class RawHttp2Client {
 public:
  struct Options {
    // If false, the peer may not send a single byte of any reply's body.
    bool reads_replies = true;
  };

  RawHttp2Client(const std::string& address, const Options& options);
  ~RawHttp2Client();
  RawHttp2Client(const RawHttp2Client&) = delete;
  RawHttp2Client& operator=(const RawHttp2Client&) = delete;

  // Begins a call with a complete request. Returns the stream's number. If the peer allows no more
  // streams, the call is queued.
  int32_t Begin(const std::string& path, absl::string_view request);
  // Writes the pending output before the reset, so that the peer sees both the call and its reset.
  void Reset(int32_t stream);
  void Ping();

  // Writes all pending output, however long that takes, and reads for at least this time. Returns
  // false as soon as the peer has closed the connection.
  bool Pump(absl::Duration time);

  // Number of streams whose reply headers have arrived.
  int64_t replies_begun() const { return replies_begun_; }
  bool closed() const { return closed_; }
  // The error code (RFC 9113) of the peer's GOAWAY; nullopt if there was none.
  std::optional<uint32_t> goaway() const { return goaway_; }

 private:
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t* out, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void* self);
  void TakeOutput();
  bool Write();
  bool Read();

  const std::string address_;
  int fd_ = -1;
  bool closed_ = false;
  int64_t replies_begun_ = 0;
  std::optional<uint32_t> goaway_;
  nghttp2_session* session_ = nullptr;
  std::string output_;
  // Bodies of requests; a deque keeps their addresses stable.
  std::deque<std::string> bodies_;
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_RAW_HTTP2_CLIENT_H_
