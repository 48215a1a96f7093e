#include "tests/upstream/http/http2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/http2_connection.h"

namespace gateway::http {
namespace {

int Require(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

void Signal(int event_fd) {
  const uint64_t one = 1;
  Require(static_cast<int>(write(event_fd, &one, sizeof(one))), "write to eventfd");
}

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void* options) {
  static constexpr unsigned char kHttp2[] = "\x02h2";
  static constexpr unsigned char kHttp1[] = "\x08http/1.1";
  const bool http2 = static_cast<const Http2Options*>(options)->offers_http2;
  const unsigned char* wanted = http2 ? kHttp2 : kHttp1;
  const unsigned int size = http2 ? sizeof(kHttp2) - 1 : sizeof(kHttp1) - 1;
  unsigned char* match = nullptr;
  if (SSL_select_next_proto(&match, chosen_size, wanted, size, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Http2Server::Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
                         const Http2Options& options)
    : Http2Server(certificate, std::move(scripts), StreamAnswers{}, options) {}

Http2Server::Http2Server(const TestCertificate& certificate, StreamAnswers answers,
                         const Http2Options& options)
    : Http2Server(certificate, {}, std::move(answers), options) {}

Http2Server::Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
                         StreamAnswers answers, const Http2Options& options)
    : scripts_(std::move(scripts)),
      answers_(std::move(answers)),
      options_(options),
      context_(SSL_CTX_new(TLS_server_method())) {
  certificate.InstallIn(context_.get());
  SSL_CTX_set_alpn_select_cb(context_.get(), &ChooseProtocol, const_cast<Http2Options*>(&options_));

  listener_ = Require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.listen.port);
  inet_pton(AF_INET, options.listen.host.c_str(), &address.sin_addr);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), "bind");
  Require(listen(listener_, 512), "listen");
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
  release_ = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  stop_ = Require(eventfd(0, EFD_CLOEXEC), "eventfd");
  acceptor_ = std::thread([this] { Accept(); });
}

Http2Server::~Http2Server() {
  Signal(stop_);
  acceptor_.join();
  std::map<int, std::thread> threads = state_.With([](State& state) {
    for (int fd : state.sockets) shutdown(fd, SHUT_RDWR);
    return std::move(state.threads);
  });
  for (auto& [number, thread] : threads) thread.join();
  for (int fd : {listener_, release_, stop_}) close(fd);
}

std::string Http2Server::Url(absl::string_view host) const {
  return absl::StrCat("https://", host, ":", port_, "/");
}

StreamAnswer Http2Server::AnswerTo(const Received& request, size_t number_on_connection) const {
  if (scripts_.empty()) return answers_.on_request(request);
  const Script& script = scripts_[std::min<size_t>(request.connection, scripts_.size() - 1)];
  return {.treatment = script[std::min(number_on_connection, script.size() - 1)],
          .headers = {{"content-type", "text/plain"}},
          .body = absl::StrCat("connection ", request.connection)};
}

int Http2Server::executions() const {
  return state_.Read([](const State& state) { return static_cast<int>(state.received.size()); });
}

int Http2Server::refusals() const {
  return state_.Read([](const State& state) { return state.refusals; });
}

std::vector<Received> Http2Server::received() const {
  return state_.Read([](const State& state) { return state.received; });
}

int Http2Server::connections() const {
  return state_.Read([](const State& state) { return state.connections; });
}

int Http2Server::most_held() const {
  return state_.Read([](const State& state) { return state.most_held; });
}

void Http2Server::Release() { Signal(release_); }

bool Http2Server::WaitForExecutions(int count) const {
  return state_.WaitUntil(
      [=](const State& state) { return static_cast<int>(state.received.size()) >= count; });
}

bool Http2Server::WaitForClientResets(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.client_resets >= count; });
}

bool Http2Server::WaitForClientCloses(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.client_closes >= count; });
}

bool Http2Server::WaitForLetGo(int count) const {
  return state_.WaitUntil(
      [=](const State& state) { return state.client_resets + state.client_closes >= count; });
}

void Http2Server::Accept() {
  // OpenSSL writes to sockets that clients have closed; the connections' threads inherit this.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (true) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    const int fd = Require(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), "accept");
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    JoinFinished();
    state_.With([&](State& state) {
      state.sockets.push_back(fd);
      const int thread = state.accepted++;
      state.threads.emplace(thread, [this, fd, thread] { Serve(fd, thread); });
    });
  }
}

// So that a long run keeps no thread for each connection that ever was.
void Http2Server::JoinFinished() {
  std::vector<std::thread> finished = state_.With([](State& state) {
    std::vector<std::thread> threads;
    for (int number : state.finished) {
      threads.push_back(std::move(state.threads.extract(number).mapped()));
    }
    state.finished.clear();
    return threads;
  });
  for (std::thread& thread : finished) thread.join();
}

void Http2Server::Serve(int fd, int thread) {
  SSL* ssl = SSL_new(context_.get());
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1 && options_.offers_http2) {
    const int number = state_.With([](State& state) { return state.connections++; });
    Connection connection(this, ssl, fd, number);
    connection.Run();
    if (!connection.was_reset()) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  state_.With([fd, thread](State& state) {
    std::erase(state.sockets, fd);
    close(fd);
    state.finished.push_back(thread);
  });
}

}  // namespace gateway::http
