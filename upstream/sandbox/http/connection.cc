#include "upstream/sandbox/http/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway::sandbox {
namespace {

namespace http = boost::beast::http;

constexpr size_t kMaxBody = 8 << 20;
constexpr uint32_t kMaxHeader = 64 << 10;
constexpr size_t kMaxTarget = 8 << 10;
// Longer than any client of this project keeps an idle connection, so that the sandbox never closes
// first.
constexpr absl::Duration kIdle = absl::Seconds(300);
constexpr absl::Duration kWithinMessage = absl::Seconds(10);

int StatusOf(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

absl::string_view View(boost::beast::string_view text) {
  return absl::string_view(text.data(), text.size());
}

void Take(const http::request<http::string_body>& request, Received& received) {
  received = {std::string(View(request.method_string())),
              std::string(View(request.target())),
              {},
              request.body()};
  for (const auto& field : request) {
    received.headers.emplace_back(View(field.name_string()), View(field.value()));
  }
}

// Returns how many bytes were read. Beast throws where a field is longer than it can keep.
size_t Put(const std::string& bytes, http::request_parser<http::string_body>& parser,
           boost::system::error_code& error) {
  try {
    return parser.put(boost::asio::buffer(bytes), error);
  } catch (const std::length_error&) {
    error = http::error::header_limit;
    return 0;
  }
}

bool HasContent(const Reply& reply) { return reply.status != 204 && reply.status != 304; }

}  // namespace

std::string ReplyText(const Reply& reply, bool keep_alive, bool head_only) {
  std::string text =
      absl::StrCat("HTTP/1.1 ", reply.status, " ",
                   View(http::obsolete_reason(static_cast<http::status>(reply.status))), "\r\n");
  for (const auto& [name, value] : reply.headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  if (HasContent(reply)) {
    if (!reply.content_type.empty()) {
      absl::StrAppend(&text, "Content-Type: ", reply.content_type, "\r\n");
    }
    absl::StrAppend(&text, "Content-Length: ", reply.body.size(), "\r\n");
  }
  absl::StrAppend(&text, keep_alive ? "" : "Connection: close\r\n", "\r\n");
  if (HasContent(reply) && !head_only) text += reply.body;
  return text;
}

Connection::~Connection() { ::close(socket_); }

bool Connection::Wait(short events, absl::Duration time) const {
  pollfd poll_for{socket_, events, 0};
  const absl::Time end = absl::Now() + time;
  while (true) {
    const auto left = absl::ToInt64Milliseconds(std::max(end - absl::Now(), absl::ZeroDuration()));
    const int ready = ::poll(&poll_for, 1, static_cast<int>(left));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

bool Connection::Receive(absl::Duration time) {
  if (!Wait(POLLIN, time)) return false;
  std::array<char, 16384> chunk;
  const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  buffer_.append(chunk.data(), static_cast<size_t>(count));
  return true;
}

Connection::Read Connection::ReadRequest(Received& received, int& refused_status) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(kMaxBody);
  parser.header_limit(kMaxHeader);
  if (buffer_.empty() && !Receive(kIdle)) return Read::kEnd;
  bool told_to_continue = false;
  while (true) {
    boost::system::error_code error;
    buffer_.erase(0, Put(buffer_, parser, error));
    // What is left is a part of a head, of a chunk's line, or of the trailers.
    if (error == http::error::need_more && buffer_.size() > kMaxHeader) {
      error = http::error::header_limit;
    }
    if (error && error != http::error::need_more) {
      refused_status = StatusOf(error);
      return Read::kRefused;
    }
    if (parser.is_done()) break;
    if (parser.is_header_done() && !told_to_continue &&
        View(parser.get()[http::field::expect]) == "100-continue") {
      told_to_continue = true;
      if (!Write("HTTP/1.1 100 Continue\r\n\r\n")) return Read::kEnd;
    }
    if (!Receive(kWithinMessage)) return Read::kEnd;
  }
  keep_alive_ = parser.get().keep_alive();
  Take(parser.get(), received);
  if (received.target.size() <= kMaxTarget) return Read::kRequest;
  refused_status = 414;
  return Read::kRefused;
}

bool Connection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (!Wait(POLLOUT, kWithinMessage)) return false;
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool Connection::Stays(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  // Bytes that the peer sends meanwhile belong to its next request and stay in the buffer.
  while (absl::Now() < end && buffer_.size() < kMaxBody) {
    if (Wait(POLLIN, end - absl::Now()) && !Receive(absl::ZeroDuration())) return false;
  }
  return true;
}

void Connection::Reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

// If a socket with unread bytes is closed, TCP sends a reset and the peer may lose the reply. So
// the peer gets time to close first.
void Connection::EndGently() {
  ::shutdown(socket_, SHUT_WR);
  Stays(absl::Seconds(2));
}

void Connection::ShutDown() { ::shutdown(socket_, SHUT_RD); }

}  // namespace gateway::sandbox
