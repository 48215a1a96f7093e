#include "service/events/receiver/session.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway::events {
namespace {

namespace asio = boost::asio;

constexpr absl::string_view kEndOfHead = "\r\n\r\n";
constexpr size_t kPiece = size_t{16} * 1024;
constexpr size_t kMostLingering = size_t{1} << 20;
constexpr absl::Duration kLingering = absl::Seconds(2);

const char* NameOf(int status) {
  switch (status) {
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    default:
      return "Service Unavailable";
  }
}

int StatusOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kKept:
    case Outcome::kDuplicate:
    case Outcome::kConflict:
      return 204;
    case Outcome::kNotVerified:
      return 401;
    case Outcome::kUnavailable:
    case Outcome::kTooMany:
      return 503;
  }
  return 503;
}

std::string AddressOf(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "" : endpoint.address().to_string(error);
}

absl::string_view View(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
                 SharedBySessions& shared)
    : shared_(shared),
      stream_(std::move(socket), std::move(tls)),
      address_(AddressOf(stream_.socket())),
      buffer_(shared.options.max_header_bytes + kPiece),
      since_(SteadyTime::Now()) {
  shared_.sessions.insert(this);
  ++shared_.connections;
}

Session::~Session() {
  shared_.unread_bytes -= room_;
  shared_.sessions.erase(this);
  --shared_.connections;
}

void Session::Begin() {
  boost::system::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  if (!stream_.has_tls()) return AwaitRequest();
  stream_.expires_after(absl::ToChronoMilliseconds(shared_.options.request_timeout));
  stream_.AsyncHandshake([self = shared_from_this()](Error error) {
    if (error == boost::beast::error::timeout) return self->Turn(Receiver::kTooSlow, 0);
    if (error) return self->Turn(Receiver::kMalformed, 0);
    self->AwaitRequest();
  });
}

void Session::StopIfIdle() {
  if (!in_request_) Close();
}

void Session::Close() {
  closed_ = true;
  stream_.close();
}

void Session::AwaitRequest() {
  in_request_ = false;
  since_ = SteadyTime::Now();
  if (shared_.stopping) return Close();
  if (buffer_.size() > 0) {  // the next request came with the last one
    in_request_ = true;
    stream_.expires_after(absl::ToChronoMilliseconds(shared_.options.request_timeout));
    return ReadHead();
  }
  stream_.expires_after(absl::ToChronoMilliseconds(shared_.options.idle_timeout));
  stream_.async_read_some(buffer_.prepare(kPiece), [self = shared_from_this()](Error error,
                                                                               size_t size) {
    if (error) return;
    self->buffer_.commit(size);
    self->in_request_ = true;
    self->stream_.expires_after(absl::ToChronoMilliseconds(self->shared_.options.request_timeout));
    self->ReadHead();
  });
}

void Session::ReadHead() {
  const size_t most = shared_.options.max_header_bytes;
  const size_t end = View(buffer_).substr(0, most).find(kEndOfHead);
  if (end != absl::string_view::npos) return OnHead(end + kEndOfHead.size());
  if (!MayBecomeHead(View(buffer_))) return Turn(Receiver::kMalformed, 400);
  if (buffer_.size() >= most) return Turn(Receiver::kTooLarge, 503);
  Receive(&Session::ReadHead);
}

void Session::OnHead(size_t size) {
  head_text_ = std::string(View(buffer_).substr(0, size));
  absl::StatusOr<Head11> head = ReadStrictHead(head_text_);
  if (!head.ok()) return Turn(Receiver::kMalformed, 400);
  head_ = *std::move(head);
  if (!Admit(head_) || !BeginBody(head_)) return;
  buffer_.consume(size);
  AskForBody();
}

bool Session::Admit(const Head11& head) {
  std::optional<Address> destination;
  if (head.method == "POST") destination = shared_.intake.AddressOf(head.target);
  if (!destination) {
    Turn(Receiver::kElsewhere, 404);
    return false;
  }
  destination_ = *std::move(destination);
  if (shared_.failing.Blocks(address_, SteadyTime::Now())) {
    Turn(Receiver::kBlocked, 503);
    return false;
  }
  const std::optional<Outcome> end = shared_.intake.Foresee(destination_, head.fields, absl::Now());
  if (!end) return true;
  shared_.failing.Note(address_, SteadyTime::Now());
  Answer(StatusOf(*end), /*keep=*/false);
  return false;
}

bool Session::BeginBody(const Head11& head) {
  const size_t most = shared_.intake.MaxBodyBytes(destination_);
  const uint64_t length = head.chunked ? most : head.content_length.value_or(0);
  if (length > most) {
    TurnTooLarge();
    return false;
  }
  if (shared_.unread_bytes + length > shared_.options.max_unread_bytes) {
    Turn(Receiver::kOverloaded, 503);
    return false;
  }
  room_ = static_cast<size_t>(length);
  shared_.unread_bytes += room_;
  body_.emplace(BodyReader::Framing{head.chunked, head.content_length.value_or(0)}, most);
  return true;
}

void Session::AskForBody() {
  if (!head_.expects_continue || buffer_.size() > 0) return ReadBody();
  answer_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(answer_),
                    [self = shared_from_this()](Error error, size_t) {
                      if (!error) self->ReadBody();
                    });
}

void Session::ReadBody() {
  buffer_.consume(body_->Feed(View(buffer_)));
  switch (body_->state()) {
    case BodyReader::State::kReading:
      return Receive(&Session::ReadBody);
    case BodyReader::State::kWhole:
      return OnBody();
    case BodyReader::State::kMalformed:
      return Turn(Receiver::kMalformed, 400);
    case BodyReader::State::kTooLarge:
      return TurnTooLarge();
  }
}

void Session::Receive(void (Session::*then)()) {
  stream_.async_read_some(buffer_.prepare(kPiece),
                          [self = shared_from_this(), then](Error error, size_t size) {
                            if (error == boost::beast::error::timeout) {
                              return self->Turn(Receiver::kTooSlow, 0);
                            }
                            if (error) return;
                            self->buffer_.commit(size);
                            (self.get()->*then)();
                          });
}

// The log answers on a thread of its own. `work` keeps the receiver's thread running until then.
void Session::OnBody() {
  stream_.expires_never();
  taking_ = true;
  auto work = asio::make_work_guard(shared_.io);
  shared_.intake.Take(destination_, head_.fields, body_->body(), absl::Now(),
                      [self = shared_from_this(), work = std::move(work)](Outcome outcome) mutable {
                        asio::io_context& io = self->shared_.io;
                        asio::post(io, [self = std::move(self), work = std::move(work), outcome] {
                          self->taking_ = false;
                          const bool genuine = outcome != Outcome::kNotVerified;
                          if (!genuine)
                            self->shared_.failing.Note(self->address_, SteadyTime::Now());
                          self->Answer(StatusOf(outcome), genuine && !self->head_.closes);
                        });
                      });
}

void Session::Turn(Receiver::Turned turned, int status) {
  shared_.turned[turned].fetch_add(1, std::memory_order_relaxed);
  if (status == 0) return Close();
  Answer(status, /*keep=*/false);
}

// The limit is the gateway's, and can be raised while the provider sends the event again and again.
// After a 4xx some providers never send it again, and the event would be lost.
void Session::TurnTooLarge() {
  shared_.intake.TellTooLarge(destination_, absl::Now());
  Turn(Receiver::kTooLarge, 503);
}

void Session::Answer(int status, bool keep) {
  keep = keep && !shared_.stopping;
  shared_.unread_bytes -= std::exchange(room_, 0);
  body_.reset();
  answer_ = absl::StrCat("HTTP/1.1 ", status, " ", NameOf(status), "\r\n",
                         status == 204 ? "" : "Content-Length: 0\r\n",
                         keep ? "" : "Connection: close\r\n", "\r\n");
  stream_.expires_after(absl::ToChronoMilliseconds(shared_.options.request_timeout));
  asio::async_write(stream_, asio::buffer(answer_),
                    [self = shared_from_this(), keep](Error error, size_t) {
                      if (!error) self->OnAnswered(keep);
                    });
}

void Session::OnAnswered(bool keep) {
  if (keep) return AwaitRequest();
  in_request_ = false;
  if (stream_.has_tls()) {
    stream_.expires_after(absl::ToChronoMilliseconds(kLingering));
    return stream_.AsyncShutdown([self = shared_from_this()](Error) { self->Close(); });
  }
  boost::system::error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error || shared_.stopping) return Close();
  stream_.expires_after(absl::ToChronoMilliseconds(kLingering));
  Linger(0);
}

void Session::Linger(size_t taken) {
  buffer_.clear();
  if (taken > kMostLingering) return Close();
  stream_.async_read_some(buffer_.prepare(kPiece),
                          [self = shared_from_this(), taken](Error error, size_t size) {
                            if (!error) self->Linger(taken + size);
                          });
}

}  // namespace gateway::events
