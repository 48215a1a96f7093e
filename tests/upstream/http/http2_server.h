// An HTTP/2 server over TLS on 127.0.0.1 that treats each stream as its script says, and counts
// what it executed.
//
// The n-th accepted connection follows the n-th script, further ones the last; the n-th stream of a
// connection follows the script's n-th treatment, further ones the last.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the certificate must outlive it; the destructor closes every connection and joins its
// threads. Errors: what the system refuses ends the program; a client that fails its handshake is
// only counted.
//
//   TestCertificate certificate;
//   Http2Server server(certificate, {{Treatment::kReply, Treatment::kRefuse}});
#ifndef TESTS_UPSTREAM_HTTP_HTTP2_SERVER_H_
#define TESTS_UPSTREAM_HTTP_HTTP2_SERVER_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/test_certificate.h"

namespace gateway::http {

// What happens to a stream when its request is complete.
enum class Treatment {
  // Executed.
  kReply,            // 200 with the body "connection N", N from 0
  kHoldReply,        // the same, but only after Release()
  kCloseSession,     // the connection ends without a reply
  kResetSession,     // the same, by a TCP reset
  kResetStream,      // RST_STREAM, internal error
  kGoAwayIncluding,  // GOAWAY that includes the stream, then the connection ends
  // Not processed, and said to be so.
  kRefuse,                // RST_STREAM, refused
  kGoAwayExcluding,       // GOAWAY that excludes the stream
  kGoAwayExcludingClose,  // the same, then the connection ends
};

struct Http2Options {
  uint32_t max_concurrent_streams = 100;
  bool offers_http2 = true;  // else it negotiates HTTP/1.1 only, and closes
};

class Http2Server {
 public:
  using Script = std::vector<Treatment>;

  Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
              const Http2Options& options = {});
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  std::string Url(absl::string_view host = "localhost") const;

  int executions() const;
  int refusals() const;     // requests that were complete, and not processed
  int connections() const;  // with a good handshake
  int most_held() const;

  // Lets held replies go, those to come included.
  void Release();

  // False when it did not come to that in 10 seconds.
  bool WaitForExecutions(int count) const;
  // Streams that the client reset.
  bool WaitForClientResets(int count) const;
  // Connections that the client closed while a reply was held.
  bool WaitForClientCloses(int count) const;

 private:
  class Connection;
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  struct State {
    std::vector<int> sockets;
    std::vector<std::thread> threads;
    int executions = 0;
    int refusals = 0;
    int connections = 0;
    int held = 0;
    int most_held = 0;
    int client_resets = 0;
    int client_closes = 0;
  };

  void Accept();
  void Serve(int fd);
  const Script& ScriptOf(int connection) const;

  const std::vector<Script> scripts_;
  const Http2Options options_;
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
  int listener_ = -1;
  int port_ = 0;
  int release_ = -1;  // eventfds that become readable once, and stay so
  int stop_ = -1;

  Guarded<State> state_;

  std::thread acceptor_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_HTTP2_SERVER_H_
