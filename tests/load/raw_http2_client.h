// A gRPC client that does what no gRPC library would: never makes room for replies, resets what it
// has just begun, or pings without end. HTTP/2 over plain TCP, by prior knowledge.
//
// Thread-safety: one thread. Lifetime: the destructor closes the connection.
// Errors: what the system or nghttp2 refuses ends the program; a connection that the peer closes is
// reported.
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
    // Else not a byte of any reply's body may be sent to it.
    bool reads_replies = true;
  };

  RawHttp2Client(const std::string& address, const Options& options);
  ~RawHttp2Client();
  RawHttp2Client(const RawHttp2Client&) = delete;
  RawHttp2Client& operator=(const RawHttp2Client&) = delete;

  // Begins a call with a whole request; the stream's number. Waits for its turn where the peer
  // allows no more streams.
  int32_t Begin(const std::string& path, absl::string_view request);
  // What was begun has been written before, so that the peer sees both.
  void Reset(int32_t stream);
  void Ping();

  // Writes what is to be written, however long it takes, and takes what comes, at least for this
  // time. False as soon as the peer has closed the connection.
  bool Pump(absl::Duration time);

  // Streams whose reply's headers came.
  int64_t replies_begun() const { return replies_begun_; }
  bool closed() const { return closed_; }
  // With which the peer said good-bye, as RFC 9113 numbers them; nothing where it did not.
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
  // Bodies of requests; they stay where they are.
  std::deque<std::string> bodies_;
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_RAW_HTTP2_CLIENT_H_
