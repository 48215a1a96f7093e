// The server's side of one accepted connection: plain TCP, or TLS over it.
//
// Thread-safety: none. Lifetime: does not own the descriptor. Errors: as each method says.
#ifndef TESTS_UPSTREAM_HTTP_STREAM_H_
#define TESTS_UPSTREAM_HTTP_STREAM_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::http {

class Stream {
 public:
  // With a context the TLS handshake is made; null where it fails.
  static std::unique_ptr<Stream> Accept(int fd, SSL_CTX* context);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const { return fd_; }

  // Whether TLS resumed a session.
  bool resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }

  // Appends what comes next. False at the end.
  bool ReadSome(std::string& buffer);

  bool WriteAll(absl::string_view data);

  // Waits until the client's kernel has all that was written, or the client ended the connection;
  // for 10 seconds at most.
  void AwaitDelivery() const;

  // TLS alone: what makes the client's socket readable and brings no byte of HTTP.
  void SendSessionTicket();
  void SendKeyUpdate();

  // TLS alone: says goodbye, as a close in good order does.
  void SayGoodbye();

  // The next close() of the descriptor sends a reset.
  void EndWithReset();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  explicit Stream(int fd) : fd_(fd) {}

  const int fd_;
  std::unique_ptr<SSL, Free> ssl_;  // null: plain TCP
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_STREAM_H_
