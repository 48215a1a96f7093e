// An HTTP/2 server over TLS on 127.0.0.1 that treats each stream as its script says, and counts
// what it executed.
//
// The n-th accepted connection follows the n-th script, further ones the last; the n-th stream of a
// connection follows the script's n-th treatment, further ones the last. Instead of scripts, a
// function may answer each request.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the certificate must outlive it; the destructor closes every connection and joins its
// threads. Errors: what the system refuses ends the program; a client that fails its handshake is
// only counted.
//
//   TestCertificate certificate;
//   Http2Server server(certificate, {{Treatment::kReply, Treatment::kRefuse}});
//
//   Http2Server server(certificate, {.on_request = [](const Received& request) {
//     return StreamAnswer{.status = request.method == "GET" ? 200 : 503};
//   }});
#ifndef TESTS_UPSTREAM_HTTP_HTTP2_SERVER_H_
#define TESTS_UPSTREAM_HTTP_HTTP2_SERVER_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/received.h"
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
  // Executed again.
  kGoAwayReply,  // GOAWAY that includes the stream, then its reply
};

// What a stream gets whose treatment is a reply. How a script's treatment replies: "connection N".
struct StreamAnswer {
  Treatment treatment = Treatment::kReply;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  int times = 1;     // the body is sent so often, for what is too large to be held in memory
  size_t slice = 0;  // bytes per DATA frame, with a pause before each but the first; 0: all at once
  absl::Duration pause = absl::Milliseconds(1);
  // After the body. A reset leaves the reply unfinished.
  enum class End { kComplete, kResetStream, kResetSession } end = End::kComplete;
};

// What answers requests where no script does. Called on the connection's thread.
struct StreamAnswers {
  std::function<StreamAnswer(const Received&)> on_request;
  // Optional; asked when the headers are there and a body is to follow. An answer of its own cuts
  // the request off: its body is not read, and it does not count.
  std::function<std::optional<StreamAnswer>(const Received&)> on_head = nullptr;
};

struct Http2Options {
  uint32_t max_concurrent_streams = 100;
  bool offers_http2 = true;  // else it negotiates HTTP/1.1 only, and closes
  Listen listen = {};
};

class Http2Server {
 public:
  using Script = std::vector<Treatment>;

  Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
              const Http2Options& options = {});
  Http2Server(const TestCertificate& certificate, StreamAnswers answers,
              const Http2Options& options = {});
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  int port() const { return port_; }
  std::string Url(absl::string_view host = "localhost") const;

  int executions() const;
  int refusals() const;                    // requests that were complete, and not processed
  std::vector<Received> received() const;  // those executed
  int connections() const;                 // with a good handshake
  int most_held() const;

  // Lets held replies go, those to come included.
  void Release();

  // False when it did not come to that in 10 seconds.
  bool WaitForExecutions(int count) const;
  // Streams that the client reset.
  bool WaitForClientResets(int count) const;
  // Connections that the client closed while a reply was held.
  bool WaitForClientCloses(int count) const;
  // Either of the two.
  bool WaitForLetGo(int count) const;

 private:
  class Connection;
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  struct State {
    std::vector<int> sockets;
    int accepted = 0;
    std::map<int, std::thread> threads;  // by order of acceptance
    std::vector<int> finished;           // those at their end
    std::vector<Received> received;
    int refusals = 0;
    int connections = 0;
    int held = 0;
    int most_held = 0;
    int client_resets = 0;
    int client_closes = 0;
  };

  Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
              StreamAnswers answers, const Http2Options& options);
  void Accept();
  void JoinFinished();
  void Serve(int fd, int thread);
  // By script or by function, whichever there is.
  StreamAnswer AnswerTo(const Received& request, size_t number_on_connection) const;

  const std::vector<Script> scripts_;
  const StreamAnswers answers_;  // where there are no scripts
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
