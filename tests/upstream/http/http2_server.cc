#include "tests/upstream/http/http2_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
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
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

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

nghttp2_nv Header(const char* name, const char* value) {
  const auto bytes = [](const char* text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text));
  };
  return {bytes(name), bytes(value), std::strlen(name), std::strlen(value), NGHTTP2_NV_FLAG_NONE};
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

// One accepted connection, on a thread of its own.
class Http2Server::Connection {
 public:
  Connection(Http2Server* server, SSL* ssl, int fd, int number)
      : server_(server),
        ssl_(ssl),
        fd_(fd),
        script_(server->ScriptOf(number)),
        body_(absl::StrCat("connection ", number)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Connection::OnFrame);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server->options_.max_concurrent_streams}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
  }
  ~Connection() {
    Unhold();
    nghttp2_session_del(session_);
  }

  void Run() {
    while (Flush() && !over_) {
      if (!AwaitInput()) return;
      uint8_t chunk[16384];
      const int count = SSL_read(ssl_, chunk, sizeof(chunk));
      if (count <= 0 && !held_.empty()) Count(&State::client_closes);
      if (count <= 0) return;
      if (nghttp2_session_mem_recv(session_, chunk, count) < 0) return;
    }
    if (!reset_) return;
    const linger option{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof(option));
  }

  bool was_reset() const { return reset_; }

 private:
  // False when the server stops. Replies to what was held as soon as that is released.
  bool AwaitInput() {
    while (SSL_pending(ssl_) == 0) {
      pollfd waiting[] = {{fd_, POLLIN, 0},
                          {server_->stop_, POLLIN, 0},
                          {held_.empty() ? -1 : server_->release_, POLLIN, 0}};
      poll(waiting, 3, -1);
      if (waiting[1].revents != 0) return false;
      if (waiting[2].revents != 0) {
        for (int32_t stream : Unhold()) Reply(stream);
        if (!Flush()) return false;
      }
      if (waiting[0].revents != 0) return true;
    }
    return true;
  }

  bool Flush() {
    const uint8_t* data = nullptr;
    ssize_t size;
    while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
      if (SSL_write(ssl_, data, static_cast<int>(size)) <= 0) return false;
    }
    return size == 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto* connection = static_cast<Connection*>(self);
    const auto type = frame->hd.type;
    if ((type == NGHTTP2_HEADERS || type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      connection->OnRequest(frame->hd.stream_id);
    }
    if (type == NGHTTP2_RST_STREAM) {
      std::erase(connection->held_, frame->hd.stream_id);
      connection->Count(&State::client_resets);
    }
    return 0;
  }

  void OnRequest(int32_t stream) {
    const Treatment treatment = script_[std::min(requests_++, script_.size() - 1)];
    switch (treatment) {
      case Treatment::kReply:
        Count(&State::executions);
        return Reply(stream);
      case Treatment::kHoldReply:
        Count(&State::executions);
        return Hold(stream);
      case Treatment::kResetSession:
        reset_ = true;
        [[fallthrough]];
      case Treatment::kCloseSession:
        Count(&State::executions);
        over_ = true;
        return;
      case Treatment::kResetStream:
        Count(&State::executions);
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
        return;
      case Treatment::kGoAwayIncluding:
        Count(&State::executions);
        over_ = true;
        return GoAway(stream);
      case Treatment::kRefuse:
        Count(&State::refusals);
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
        return;
      case Treatment::kGoAwayExcludingClose:
        over_ = true;
        [[fallthrough]];
      case Treatment::kGoAwayExcluding:
        Count(&State::refusals);
        return GoAway(std::max(0, stream - 2));
    }
  }

  void Reply(int32_t stream) {
    const nghttp2_nv headers[] = {Header(":status", "200"), Header("content-type", "text/plain")};
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = [](nghttp2_session*, int32_t, uint8_t* out, size_t, uint32_t* flags,
                            nghttp2_data_source* source, void*) {
      const std::string& text = static_cast<Connection*>(source->ptr)->body_;
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      // A few bytes, of at least 16 KB.
      return static_cast<ssize_t>(text.copy(reinterpret_cast<char*>(out), text.size()));
    };
    nghttp2_submit_response(session_, stream, headers, std::size(headers), &body);
  }

  void GoAway(int32_t last_stream) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_stream, NGHTTP2_NO_ERROR, nullptr, 0);
  }

  void Hold(int32_t stream) {
    held_.push_back(stream);
    server_->state_.With(
        [](State& state) { state.most_held = std::max(state.most_held, ++state.held); });
  }

  std::vector<int32_t> Unhold() {
    server_->state_.With([&](State& state) { state.held -= static_cast<int>(held_.size()); });
    return std::exchange(held_, {});
  }

  void Count(int State::*counter) {
    server_->state_.With([&](State& state) { ++(state.*counter); });
  }

  Http2Server* const server_;
  SSL* const ssl_;
  const int fd_;
  const Script& script_;
  const std::string body_;
  nghttp2_session* session_ = nullptr;
  std::vector<int32_t> held_;
  size_t requests_ = 0;
  bool over_ = false;
  bool reset_ = false;
};

Http2Server::Http2Server(const TestCertificate& certificate, std::vector<Script> scripts,
                         const Http2Options& options)
    : scripts_(std::move(scripts)), options_(options), context_(SSL_CTX_new(TLS_server_method())) {
  certificate.InstallIn(context_.get());
  SSL_CTX_set_alpn_select_cb(context_.get(), &ChooseProtocol, const_cast<Http2Options*>(&options_));

  listener_ = Require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
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
  std::vector<std::thread> threads = state_.With([](State& state) {
    for (int fd : state.sockets) shutdown(fd, SHUT_RDWR);
    return std::move(state.threads);
  });
  for (std::thread& thread : threads) thread.join();
  for (int fd : {listener_, release_, stop_}) close(fd);
}

std::string Http2Server::Url(absl::string_view host) const {
  return absl::StrCat("https://", host, ":", port_, "/");
}

const Http2Server::Script& Http2Server::ScriptOf(int connection) const {
  return scripts_[std::min<size_t>(connection, scripts_.size() - 1)];
}

int Http2Server::executions() const {
  return state_.Read([](const State& state) { return state.executions; });
}

int Http2Server::refusals() const {
  return state_.Read([](const State& state) { return state.refusals; });
}

int Http2Server::connections() const {
  return state_.Read([](const State& state) { return state.connections; });
}

int Http2Server::most_held() const {
  return state_.Read([](const State& state) { return state.most_held; });
}

void Http2Server::Release() { Signal(release_); }

bool Http2Server::WaitForExecutions(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.executions >= count; });
}

bool Http2Server::WaitForClientResets(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.client_resets >= count; });
}

bool Http2Server::WaitForClientCloses(int count) const {
  return state_.WaitUntil([=](const State& state) { return state.client_closes >= count; });
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
    state_.With([&](State& state) {
      state.sockets.push_back(fd);
      state.threads.emplace_back([this, fd] { Serve(fd); });
    });
  }
}

void Http2Server::Serve(int fd) {
  SSL* ssl = SSL_new(context_.get());
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1 && options_.offers_http2) {
    const int number = state_.With([](State& state) { return state.connections++; });
    Connection connection(this, ssl, fd, number);
    connection.Run();
    if (!connection.was_reset()) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  state_.With([fd](State& state) {
    std::erase(state.sockets, fd);
    close(fd);
  });
}

}  // namespace gateway::http
