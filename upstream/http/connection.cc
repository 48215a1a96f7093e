#include "upstream/http/connection.h"

#include <cstdlib>
#include <utility>

namespace gateway::http {
namespace {

constexpr size_t kReadSize = size_t{64} * 1024;
// How many reads from one connection before others have their turn.
constexpr int kReadsAtATime = 16;

// An idle connection is no longer used this long before the upstream would close it.
constexpr absl::Duration kKeepAliveMargin = absl::Seconds(1);

char* ReadBuffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kReadSize]);
  return buffer.get();
}

}  // namespace

Connection::Connection(EasyHandle easy, int fd, std::shared_ptr<Share> share, const Origin& origin,
                       const Options& options)
    : fd_(fd),
      origin_(origin),
      max_requests_(options.max_requests_per_connection),
      share_(std::move(share)),
      easy_(std::move(easy)),
      reader_(options.max_header_bytes, options.max_body_bytes) {
  // Before libcurl 8, curl_easy_recv reads no more than this at a time.
  easy_.Set(CURLOPT_BUFFERSIZE, static_cast<long>(kReadSize));
}

Connection::Io Connection::Receive(char* buffer, size_t size, size_t& count) {
  count = 0;
  const CURLcode code = curl_easy_recv(easy_.get(), buffer, size, &count);
  if (code == CURLE_AGAIN) return Io::kAgain;
  if (code != CURLE_OK) return Io::kFailed;
  return count == 0 ? Io::kEnd : Io::kDone;
}

// Whether neither bytes nor the end of the connection have come.
bool Connection::IsQuiet() {
  if (peer_ended_) return false;
  char byte;
  size_t count;
  return Receive(&byte, 1, count) == Io::kAgain;
}

// Whether nothing has come that no request asked for: neither bytes, nor the connection's end, nor
// a part of a TLS record. The rest of such a record may come after the next request, and would then
// be taken for the reply to it.
bool Connection::IsClean() { return IsQuiet() && (!origin_.is_tls || !easy_.HasBufferedTls()); }

// Whether nothing has come behind the reply. Over plain TCP, the bytes that came with the reply
// were read with it. TLS may have read more from the socket, so that is checked here.
bool Connection::IsCleanBehindReply() {
  return !peer_ended_ && (!easy_.HasBufferedTls() || IsClean());
}

Connection::Begun Connection::Begin(CallId call, std::shared_ptr<const Request> request) {
  const MutexLock lock(mutex_);
  if (state_ == State::kClosed) return Begun::kClosedBefore;
  // Two requests on one connection could get each other's replies. The pool gives a connection to
  // one call at a time. If it ever fails to, the process must end.
  if (state_ == State::kBusy) std::abort();
  // The peer may have closed the connection. If we see that before the first byte is sent, nothing
  // is lost.
  if (!IsClean()) {
    CloseLocked();
    return Begun::kUnusable;
  }
  const SteadyTime now = SteadyTime::Now();
  if (request->deadline <= now) return Begun::kExpired;
  const std::optional<absl::string_view> target = origin_.TargetOf(request->url);
  writer_.Begin(std::move(request), origin_.authority, target.value_or("/"));
  reader_.Begin();
  call_ = call;
  begun_ = now;
  sent_ = write_failed_ = got_byte_ = leftover_ = false;
  if (Write()) {
    state_ = State::kBusy;
    ++requests_;
    return Begun::kYes;
  }
  if (!sent_) {
    CloseLocked();
    return Begun::kUnusable;
  }
  state_ = State::kBusy;
  ++requests_;
  write_failed_ = true;
  return Begun::kNeedsAttention;
}

// Writes until all is written or the socket takes no more. Returns false if writing failed.
bool Connection::Write() {
  while (!writer_.done()) {
    const absl::string_view next = writer_.Next();
    size_t count = 0;
    const CURLcode code = curl_easy_send(easy_.get(), next.data(), next.size(), &count);
    // Even if TLS asks to send these bytes again, it may have sent a part of them already.
    sent_ |= count > 0 || origin_.is_tls;
    if (code == CURLE_AGAIN) return true;
    if (code != CURLE_OK) return false;
    writer_.Advance(count);
  }
  return true;
}

Connection::Progress Connection::OnReady(bool peer_ended) {
  const MutexLock lock(mutex_);
  peer_ended_ |= peer_ended;
  if (state_ == State::kClosed) return {};
  if (state_ == State::kIdle) {
    // A connection without a request so far may get its TLS tickets now, in pieces. Begin checks it
    // again.
    if (requests_ == 0 ? IsQuiet() : IsClean()) return {};
    CloseLocked();
    return {.ended = Ended{.unasked = true}};
  }
  // Nothing of the request was sent, so what can be read is no reply to it.
  if (!sent_ && !IsClean()) return {.ended = EndExchange()};
  Progress progress;
  Io read = ReadReply(progress.more);
  if (read == Io::kAgain && !write_failed_ && !writer_.done()) {
    write_failed_ = !Write();
    // The bytes that the peer sent before it stopped reading can still be read.
    if (write_failed_ && sent_) read = ReadReply(progress.more);
  }
  if (progress.more) return progress;
  if (read == Io::kAgain && !write_failed_) return progress;
  if (reader_.state() == ResponseReader::State::kReading) reader_.End(read == Io::kEnd);
  progress.ended = EndExchange();
  const bool failed = read == Io::kFailed || write_failed_;
  if (failed && sent_ && !got_byte_ && requests_ > 1) progress.ended->lost = begun_;
  return progress;
}

// Returns kDone when the reply is over, whether complete or not. Sets `more` if it stopped although
// there may be more to read.
Connection::Io Connection::ReadReply(bool& more) {
  char* const buffer = ReadBuffer();
  for (int i = 0; i < kReadsAtATime; ++i) {
    size_t count;
    const Io io = Receive(buffer, kReadSize, count);
    if (io != Io::kDone) return io;
    got_byte_ = true;
    last_byte_ = SteadyTime::Now();
    const size_t used = reader_.Feed({buffer, count});
    leftover_ = used < count;
    if (reader_.state() != ResponseReader::State::kReading) return Io::kDone;
  }
  more = true;
  return Io::kAgain;
}

Connection::Ended Connection::EndExchange() {
  Ended ended{.call = call_};
  switch (reader_.state()) {
    case ResponseReader::State::kComplete: {
      ended.keep = reader_.keeps_connection() && writer_.done() && !write_failed_ && !leftover_ &&
                   (max_requests_ == 0 || requests_ < max_requests_);
      ended.unasked = ended.keep && !IsCleanBehindReply();
      ended.keep &= !ended.unasked;
      if (const std::optional<absl::Duration> keep_alive = reader_.keep_alive()) {
        ended.keep_until = last_byte_ + (*keep_alive - kKeepAliveMargin);
      }
      ended.result = reader_.Take();
      ended.reused = requests_ > 1;
      break;
    }
    case ResponseReader::State::kTooLarge:
      ended.result = Error{.kind = Error::Kind::kTooLarge,
                           .sent = sent_,
                           .message = "the head of the reply exceeds the configured size",
                           .status = reader_.status_of_large_head()};
      break;
    case ResponseReader::State::kReading:
    case ResponseReader::State::kBroken:
      ended.result = BrokenError();
      break;
  }
  writer_.Clear();
  state_ = State::kIdle;
  if (!ended.keep) CloseLocked();
  return ended;
}

Error Connection::BrokenError() const {
  return {.kind = Error::Kind::kBroken,
          .sent = sent_,
          .message = got_byte_ ? "the reply is not valid HTTP, or ended within its head"
                               : "the connection ended before the reply"};
}

Connection::GivenUp Connection::GiveUp(CallId call) {
  const MutexLock lock(mutex_);
  GivenUp given_up;
  if (state_ == State::kBusy && call_ == call) {
    given_up.sent = sent_;
    given_up.silent = sent_ && writer_.done() && !got_byte_ && requests_ > 1;
    given_up.begun = begun_;
    if (reader_.has_head()) given_up.head = reader_.TakeHead();
  }
  CloseLocked();
  return given_up;
}

void Connection::Close() {
  const MutexLock lock(mutex_);
  CloseLocked();
}

void Connection::CloseLocked() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  writer_.Clear();
  easy_ = EasyHandle();  // closes the socket
}

bool Connection::is_closed() const {
  const MutexLock lock(mutex_);
  return state_ == State::kClosed;
}

SteadyTime Connection::last_byte() const {
  const MutexLock lock(mutex_);
  return last_byte_;
}

}  // namespace gateway::http
