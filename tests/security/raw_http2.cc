#include "tests/security/raw_http2.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/security/raw_tcp.h"

namespace gateway::security {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr size_t kFrameHeader = 9;
constexpr size_t kMostData = 16384;
constexpr uint16_t kInitialWindowSize = 4;

std::string BigEndian(uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i));
  return text;
}

uint32_t NumberIn(absl::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

// RFC 7541, 5.2: a string literal without Huffman coding; the length has a 7-bit prefix.
std::string Text(absl::string_view text) {
  std::string coded;
  if (text.size() < 127) return absl::StrCat(std::string(1, static_cast<char>(text.size())), text);
  coded += '\x7f';
  size_t rest = text.size() - 127;
  for (; rest >= 128; rest /= 128) coded += static_cast<char>(128 + rest % 128);
  coded += static_cast<char>(rest);
  return absl::StrCat(coded, text);
}

}  // namespace

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  return absl::StrCat(BigEndian(payload.size(), 3), BigEndian(type, 1), BigEndian(flags, 1),
                      BigEndian(stream, 4), payload);
}

std::string Field(absl::string_view name, absl::string_view value) {
  return absl::StrCat(std::string(1, '\0'), Text(name), Text(value));
}

std::string CallFields(absl::string_view path) {
  return absl::StrCat(Field(":method", "POST"), Field(":scheme", "http"), Field(":path", path),
                      Field(":authority", "localhost"), Field("te", "trailers"),
                      Field("content-type", "application/grpc"));
}

RawHttp2::RawHttp2(int port, const Identity* identity) : fd_(Connect(port)) {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  if (identity != nullptr) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_use_certificate_file(context_, identity->certificate_file.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_, identity->key_file.c_str(), SSL_FILETYPE_PEM);
    ssl_ = SSL_new(context_);
    const unsigned char http2[] = {2, 'h', '2'};
    SSL_set_alpn_protos(ssl_, http2, sizeof(http2));
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) {
      std::cerr << "no handshake\n";
      std::abort();
    }
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  Send(absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Frame(kSettings, 0, 0, "")));
}

RawHttp2::~RawHttp2() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  close(fd_);
}

bool RawHttp2::Send(absl::string_view bytes) {
  Write(bytes);
  Receive(absl::ZeroDuration());
  return !closed_;
}

// Receives meanwhile, but answers no frame here: the answer would stand within the frame that is
// being written.
void RawHttp2::Write(absl::string_view bytes) {
  const absl::Time end = absl::Now() + kPatience;
  while (!bytes.empty() && !closed_) {
    const ssize_t size = ssl_ != nullptr
                             ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                             : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size > 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
      continue;
    }
    const bool full = ssl_ != nullptr
                          ? SSL_get_error(ssl_, static_cast<int>(size)) == SSL_ERROR_WANT_WRITE
                          : errno == EAGAIN;
    ERR_clear_error();
    gave_up_ = full && absl::Now() > end;
    if (!full || gave_up_) closed_ = true;
    pollfd ready{fd_, POLLIN | POLLOUT, 0};
    if (full) poll(&ready, 1, 10);
    Hear(absl::ZeroDuration());
  }
}

uint32_t RawHttp2::Begin(absl::string_view path) {
  const uint32_t stream = next_stream_;
  next_stream_ += 2;
  Send(Frame(kHeaders, kEndHeaders, stream, CallFields(path)));
  return stream;
}

int64_t RawHttp2::Room(uint32_t stream) {
  return std::min(window_, initial_window_ + windows_[stream]);
}

size_t RawHttp2::SendMessage(uint32_t stream, uint32_t size, size_t sent, bool end) {
  std::string bytes = absl::StrCat(std::string(1, '\0'), BigEndian(size, 4));
  bytes.append(sent, 'x');
  size_t out = 0;
  const absl::Time patience = absl::Now() + absl::Milliseconds(500);
  while (out < bytes.size() && !closed_ && !ended_.contains(stream) && absl::Now() < patience) {
    const int64_t room = Room(stream);
    if (room <= 0) {
      Receive(absl::Milliseconds(20));
      continue;
    }
    const size_t part = std::min({bytes.size() - out, kMostData, static_cast<size_t>(room)});
    const bool last = end && out + part == bytes.size();
    if (!Send(Frame(kData, last ? kEndStream : 0, stream,
                    absl::string_view(bytes).substr(out, part)))) {
      break;
    }
    out += part;
    window_ -= static_cast<int64_t>(part);
    windows_[stream] -= static_cast<int64_t>(part);
  }
  return out;
}

bool RawHttp2::Pump(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  do {
    Receive(std::max(end - absl::Now(), absl::ZeroDuration()));
  } while (!closed_ && absl::Now() < end);
  return !closed_;
}

void RawHttp2::Receive(absl::Duration wait) {
  Hear(wait);
  while (!owed_.empty() && !closed_) Write(std::exchange(owed_, std::string()));
}

void RawHttp2::Hear(absl::Duration wait) {
  pollfd ready{fd_, POLLIN, 0};
  const bool buffered = ssl_ != nullptr && SSL_pending(ssl_) > 0;
  if (!buffered && poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(wait))) <= 0) return;
  char bytes[65536];
  const ssize_t size =
      ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof(bytes)) : recv(fd_, bytes, sizeof(bytes), 0);
  if (size <= 0) {
    const bool more = ssl_ != nullptr
                          ? SSL_get_error(ssl_, static_cast<int>(size)) == SSL_ERROR_WANT_READ
                          : size < 0 && errno == EAGAIN;
    ERR_clear_error();
    closed_ |= !more;
    return;
  }
  input_.append(bytes, static_cast<size_t>(size));
  TakeFrames();
}

void RawHttp2::TakeFrames() {
  while (input_.size() >= kFrameHeader) {
    const absl::string_view input = input_;
    const size_t size = NumberIn(input.substr(0, 3));
    if (input.size() < kFrameHeader + size) return;
    const auto type = static_cast<uint8_t>(input[3]);
    const auto flags = static_cast<uint8_t>(input[4]);
    const uint32_t stream = NumberIn(input.substr(5, 4));
    const std::string payload(input.substr(kFrameHeader, size));
    input_.erase(0, kFrameHeader + size);
    if (type == kWindowUpdate) (stream == 0 ? window_ : windows_[stream]) += NumberIn(payload);
    if (type == kRstStream || (type == kHeaders && (flags & kEndStream) != 0)) {
      ended_.insert(stream);
    }
    if (type == kPing && (flags & kAck) == 0) owed_ += Frame(kPing, kAck, 0, payload);
    if (type != kSettings || (flags & kAck) != 0) continue;
    for (size_t i = 0; i + 6 <= payload.size(); i += 6) {
      const absl::string_view setting = absl::string_view(payload).substr(i, 6);
      if (NumberIn(setting.substr(0, 2)) == kInitialWindowSize) {
        initial_window_ = NumberIn(setting.substr(2));
      }
    }
    owed_ += Frame(kSettings, kAck, 0, "");
  }
}

}  // namespace gateway::security
