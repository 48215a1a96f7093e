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
  // If `context` is set, makes the TLS handshake; returns null if it fails.
  static std::unique_ptr<Stream> Accept(int fd, SSL_CTX* context);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const { return fd_; }

  // Whether TLS resumed a session.
  bool resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }

  // Appends the next bytes. Returns false at the end.
  bool ReadSome(std::string& buffer);

  bool WriteAll(absl::string_view data);

  // TLS only: writes the first `size` bytes of the record that holds `data`. The rest is written
  // before the next data.
  bool WriteStartOfRecord(absl::string_view data, size_t size);

  // Waits until the client's kernel has all written data, or the client has closed the connection;
  // at most 10 seconds.
  void AwaitDelivery() const;

  // TLS only: these make the client's socket readable without a byte of HTTP.
  void SendSessionTicket();
  void SendKeyUpdate();

  // TLS only: sends close_notify, as an orderly close does.
  void SayGoodbye();

  // The next close() of the descriptor sends a reset.
  void EndWithReset();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  explicit Stream(int fd) : fd_(fd) {}
  bool SendAll(absl::string_view bytes);

  const int fd_;
  std::unique_ptr<SSL, Free> ssl_;  // null: plain TCP
  std::string rest_of_record_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_STREAM_H_
