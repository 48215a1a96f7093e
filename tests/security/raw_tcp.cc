#include "tests/security/raw_tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace gateway::security {
namespace {

constexpr time_t kPatienceSeconds = 30;

void Require(bool fine, const char* what) {
  if (fine) return;
  std::cerr << what << "\n";
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Require(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  close(fd);
  return ntohs(address.sin_port);
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  Require(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
          "connect");
  const timeval patience = {kPatienceSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  return fd;
}

std::string Exchange(int port, const std::string& bytes) {
  const int fd = Connect(port);
  Require(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()),
          "send");
  std::string all;
  char buffer[65536];
  for (ssize_t got; (got = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
    all.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  return all;
}

namespace {

struct Tls {
  Tls(int version, const Identity& client) : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context, 0);  // old TLS versions need this
    Require(
        SSL_CTX_use_certificate_file(context, client.certificate_file.c_str(), SSL_FILETYPE_PEM) ==
                1 &&
            SSL_CTX_use_PrivateKey_file(context, client.key_file.c_str(), SSL_FILETYPE_PEM) == 1,
        "certificate");
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
  }
  ~Tls() { SSL_CTX_free(context); }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  // Calls use(ssl) after the handshake. Returns whether the handshake succeeded.
  template <typename Use>
  bool Connect(int port, SSL_SESSION* session, Use use) {
    SSL* const ssl = SSL_new(context);
    const unsigned char http2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(ssl, http2, sizeof(http2));
    if (session != nullptr) SSL_set_session(ssl, session);
    const int fd = security::Connect(port);
    SSL_set_fd(ssl, fd);
    const bool done = SSL_connect(ssl) == 1;
    if (done) use(ssl);
    ERR_clear_error();
    SSL_free(ssl);
    close(fd);
    return done;
  }

  SSL_CTX* const context;
};

}  // namespace

bool Handshakes(int port, int version, const Identity& client) {
  return Tls(version, client).Connect(port, nullptr, [](SSL*) {});
}

bool Resumes(int port, int version, const Identity& client) {
  Tls tls(version, client);
  SSL_SESSION* session = nullptr;
  Require(tls.Connect(port, nullptr,
                      [&](SSL* ssl) {
                        // A TLS 1.3 session ticket arrives with the first bytes, gRPC's SETTINGS
                        // frame.
                        char byte;
                        SSL_read(ssl, &byte, 1);
                        session = SSL_get1_session(ssl);
                        SSL_shutdown(ssl);
                      }),
          "handshake");
  bool resumed = false;
  Require(tls.Connect(port, session, [&](SSL* ssl) { resumed = SSL_session_reused(ssl) == 1; }),
          "handshake");
  SSL_SESSION_free(session);
  return resumed;
}

}  // namespace gateway::security
