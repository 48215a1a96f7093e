#include "tests/load/raw_http2_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"

namespace gateway::load {
namespace {

int Require(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

int Connect(const std::string& address) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  const size_t colon = address.find(':');
  uint32_t port = 0;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port)) std::abort();
  peer.sin_port = htons(static_cast<uint16_t>(port));
  Require(inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) - 1, "inet_pton");
  const int fd = Require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  Require(connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)), "connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Frames a message as gRPC does: a flag for no compression, the length, the message.
std::string Framed(absl::string_view message) {
  std::string framed(5, '\0');
  const uint32_t size = htonl(static_cast<uint32_t>(message.size()));
  framed.replace(1, 4, reinterpret_cast<const char*>(&size), 4);
  return framed.append(message.data(), message.size());
}

}  // namespace

RawHttp2Client::RawHttp2Client(const std::string& address, const Options& options)
    : address_(address), fd_(Connect(address)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &RawHttp2Client::OnFrame);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, options.reads_replies ? 0 : 1);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.reads_replies ? 65535u : 0u}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
}

RawHttp2Client::~RawHttp2Client() {
  nghttp2_session_del(session_);
  close(fd_);
}

int32_t RawHttp2Client::Begin(const std::string& path, absl::string_view request) {
  const nghttp2_nv headers[] = {
      Header(":method", "POST"), Header(":scheme", "http"),
      Header(":path", path),     Header(":authority", address_),
      Header("te", "trailers"),  Header("content-type", "application/grpc"),
  };
  bodies_.push_back(Framed(request));
  nghttp2_data_provider body{};
  body.source.ptr = &bodies_.back();
  body.read_callback = &RawHttp2Client::ReadBody;
  return Require(
      nghttp2_submit_request(session_, nullptr, headers, std::size(headers), &body, nullptr),
      "nghttp2_submit_request");
}

// A request has only a few bytes, and the buffer holds at least 16 KB.
ssize_t RawHttp2Client::ReadBody(nghttp2_session*, int32_t, uint8_t* out, size_t, uint32_t* flags,
                                 nghttp2_data_source* source, void*) {
  const std::string& body = *static_cast<std::string*>(source->ptr);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(body.copy(reinterpret_cast<char*>(out), body.size()));
}

void RawHttp2Client::Reset(int32_t stream) {
  TakeOutput();
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void RawHttp2Client::Ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

int RawHttp2Client::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  auto* const client = static_cast<RawHttp2Client*>(self);
  if (frame->hd.type == NGHTTP2_HEADERS) ++client->replies_begun_;
  if (frame->hd.type == NGHTTP2_GOAWAY) client->goaway_ = frame->goaway.error_code;
  return 0;
}

void RawHttp2Client::TakeOutput() {
  const uint8_t* data = nullptr;
  ssize_t size;
  while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
    output_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
}

bool RawHttp2Client::Pump(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  while (!closed_) {
    TakeOutput();
    pollfd waiting{fd_, static_cast<short>(POLLIN | (output_.empty() ? 0 : POLLOUT)), 0};
    const auto left = std::max<int64_t>(absl::ToInt64Milliseconds(end - absl::Now()), 0);
    const int ready = poll(&waiting, 1, output_.empty() ? static_cast<int>(left) : -1);
    if (ready == 0) return true;
    closed_ = ((waiting.revents & POLLOUT) != 0 && !Write()) ||
              ((waiting.revents & ~POLLOUT) != 0 && !Read());
  }
  return false;
}

bool RawHttp2Client::Write() {
  const ssize_t size = send(fd_, output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN;
  output_.erase(0, static_cast<size_t>(size));
  return true;
}

bool RawHttp2Client::Read() {
  uint8_t chunk[65536];
  const ssize_t size = recv(fd_, chunk, sizeof(chunk), MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN;
  return size > 0 && nghttp2_session_mem_recv(session_, chunk, static_cast<size_t>(size)) >= 0;
}

}  // namespace gateway::load
