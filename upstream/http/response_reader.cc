#include "upstream/http/response_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "upstream/http/body_decoder.h"

namespace gateway::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
using State = ResponseReader::State;

constexpr size_t kUsualHeaderBytes = 512;
// Interim replies may be many (103 Early Hints), but not without end.
constexpr size_t kInterimHeads = 16;

constexpr int kSwitchingProtocols = 101;
constexpr int kFirstFinalStatus = 200;

constexpr absl::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kStatusEnd = sizeof("HTTP/1.1 200") - 1;

// Whether the bytes cannot become a head: they do not begin with HTTP/1, or a line does not end
// with CR LF. `head` is the beginning of a head; its first `seen` bytes were checked before.
bool CannotBecomeAHead(absl::string_view head, size_t seen) {
  constexpr absl::string_view kStart = "HTTP/1.";
  const size_t compared = std::min(head.size(), kStart.size());
  if (head.substr(0, compared) != kStart.substr(0, compared)) return true;
  for (size_t at = head.find('\n', seen); at != absl::string_view::npos;
       at = head.find('\n', at + 1)) {
    if (head[at - 1] != '\r') return true;
  }
  return false;
}

// Returns the status of a final reply whose head begins so, or 0 if this is no such head.
int StatusIn(absl::string_view head) {
  constexpr size_t kStatus = kStatusEnd - 3;
  int status = 0;
  if (head.size() <= kStatusEnd || (head[kStatusEnd] != ' ' && head[kStatusEnd] != '\r')) return 0;
  if (!absl::SimpleAtoi(head.substr(kStatus, 3), &status)) return 0;
  return status < kFirstFinalStatus ? 0 : status;
}

absl::string_view View(string_view text) { return {text.data(), text.size()}; }

// "timeout=5, max=100"
std::optional<absl::Duration> TimeoutOf(absl::string_view keep_alive) {
  for (absl::string_view part : absl::StrSplit(keep_alive, ',')) {
    part = absl::StripAsciiWhitespace(part);
    uint32_t seconds = 0;
    if (!absl::StartsWithIgnoreCase(part, "timeout")) continue;
    part = absl::StripAsciiWhitespace(part.substr(sizeof("timeout") - 1));
    if (part.empty() || part.front() != '=') continue;
    if (absl::SimpleAtoi(part.substr(1), &seconds)) return absl::Seconds(seconds);
  }
  return std::nullopt;
}

}  // namespace

// The reply as far as it has been parsed.
struct ResponseReader::Parsed {
  explicit Parsed(size_t max_body_bytes) : decoder(max_body_bytes) {}

  State state = State::kReading;
  bool has_head = false;  // the final reply's head is complete
  size_t body_bytes = 0;  // as received: still encoded, without the chunks' lines
  bool keeps_connection = true;
  std::optional<absl::Duration> keep_alive;
  Response response;
  BodyDecoder decoder;
};

// Parses one head and its body. Beast calls these functions, which fill in the Parsed.
class ResponseReader::Parser : public beast::basic_parser<false> {
 public:
  explicit Parser(Parsed& reply) : reply_(reply) {
    // Beast's limits are turned off: ParseHead limits the head, which Beast would count anew for
    // each slice, and BodyDecoder limits the body. (In Boost 1.74, boost::none refuses every
    // length, though it should mean no limit.)
    header_limit(std::numeric_limits<uint32_t>::max());
    body_limit(std::numeric_limits<uint64_t>::max());
  }

 private:
  void on_request_impl(beast::verb, string_view, string_view, int, error_code&) override {}

  void on_response_impl(int status, string_view, int version, error_code& error) override {
    if (status < 100) return Refuse(error);
    Response& response = reply_.response;
    response.status = status;
    response.headers.clear();
    response.headers.reserve(kUsualHeaderBytes);
    reply_.keep_alive.reset();
    is_http_10_ = version == 10;
  }

  void on_field_impl(beast::field field, string_view name, string_view value,
                     error_code& error) override {
    if (reply_.has_head) return;  // a trailer
    reply_.response.headers.append(name.data(), name.size())
        .append(": ")
        .append(value.data(), value.size())
        .append("\r\n");
    switch (field) {
      case beast::field::content_length:
        has_length_ = true;
        break;
      case beast::field::transfer_encoding:
        ReadTransferEncoding(View(value));
        break;
      case beast::field::content_encoding:
        if (!is_interim()) reply_.decoder.AddEncoding(View(value));
        break;
      case beast::field::keep_alive:
        reply_.keep_alive = TimeoutOf(View(value));
        break;
      default:
        break;
    }
    // Two readers may find different ends of a reply that has both (RFC 9112, 6.3 and 11.2).
    if (has_length_ && has_transfer_encoding_) Refuse(error);
  }

  void on_header_impl(error_code& error) override {
    if (reply_.response.status == kSwitchingProtocols) return Refuse(error);  // not asked for
    if (is_interim()) return;
    reply_.has_head = true;
    reply_.keeps_connection = keep_alive() && !is_http_10_;
  }

  void on_body_init_impl(const boost::optional<uint64_t>& length, error_code&) override {
    if (length) reply_.decoder.Expect(*length);
  }

  size_t on_body_impl(string_view bytes, error_code&) override { return AppendToBody(bytes); }

  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}

  size_t on_chunk_body_impl(uint64_t, string_view bytes, error_code&) override {
    return AppendToBody(bytes);
  }

  void on_finish_impl(error_code&) override {}

  size_t AppendToBody(string_view bytes) {
    reply_.decoder.Append(View(bytes));
    reply_.body_bytes += bytes.size();
    return bytes.size();
  }

  bool is_interim() const { return reply_.response.status < kFirstFinalStatus; }

  // Requests ask for no transfer coding. Only chunked, which is always allowed, can be read.
  void ReadTransferEncoding(absl::string_view value) {
    has_transfer_encoding_ = true;
    const bool chunked = absl::EqualsIgnoreCase(value, "chunked");
    if (!chunked && !is_interim()) reply_.decoder.SetUnreadable();
  }

  static void Refuse(error_code& error) { error = make_error_code(beast::error::bad_value); }

  Parsed& reply_;
  bool is_http_10_ = false;
  bool has_length_ = false;
  bool has_transfer_encoding_ = false;
};

struct ResponseReader::Reply : Parsed {
  explicit Reply(size_t max_body_bytes) : Parsed(max_body_bytes) {}

  int status_of_large_head = 0;
  size_t interim_bytes = 0;  // size of all interim heads
  std::string unread;        // a part of a head or of a chunk's line, until the rest of it comes
  std::optional<Parser> parser;
};

ResponseReader::ResponseReader(size_t max_header_bytes, size_t max_body_bytes)
    : max_header_bytes_(max_header_bytes), reply_(std::make_unique<Reply>(max_body_bytes)) {
  Begin();
}

ResponseReader::~ResponseReader() = default;

void ResponseReader::Begin() {
  reply_->state = State::kReading;
  reply_->has_head = false;
  reply_->body_bytes = 0;
  reply_->keeps_connection = true;
  reply_->keep_alive.reset();
  reply_->status_of_large_head = 0;
  reply_->interim_bytes = 0;
  reply_->response = Response{};
  reply_->decoder.Reset();
  reply_->unread.clear();
  reply_->parser.emplace(*reply_);
}

size_t ResponseReader::Feed(absl::string_view bytes) {
  Reply& reply = *reply_;
  const size_t given = bytes.size();
  const size_t before = reply.unread.size();
  if (before > 0) {
    absl::StrAppend(&reply.unread, bytes);
    bytes = reply.unread;
  }
  const size_t used = Parse(bytes, before);
  // `used` counts the unread bytes too. A good reply ends within the new bytes, because the unread
  // bytes alone did not complete it.
  if (reply.state != State::kReading) return used - std::min(used, before);
  if (bytes.size() - used > max_header_bytes_) {
    Stop(State::kTooLarge, Body::kCutShort);
  } else if (before > 0) {
    reply.unread.erase(0, used);
  } else {
    reply.unread.assign(bytes.data() + used, bytes.size() - used);
  }
  return given;
}

// Returns how many of the bytes were used. The first `seen` bytes were looked at before.
size_t ResponseReader::Parse(absl::string_view bytes, size_t seen) {
  Reply& reply = *reply_;
  size_t used = 0;
  while (reply.state == State::kReading && used < bytes.size()) {
    const absl::string_view rest = bytes.substr(used);
    const size_t count =
        reply.has_head ? ParseBody(rest) : ParseHead(rest, seen - std::min(seen, used));
    if (count == 0) break;  // the rest of a head or of a line must come first
    used += count;
  }
  return used;
}

// The parser gets a head only when it is complete and within the limit. So the result does not
// depend on how the head was sliced.
size_t ResponseReader::ParseHead(absl::string_view bytes, size_t seen) {
  Reply& reply = *reply_;
  const absl::string_view head = bytes.substr(0, max_header_bytes_);
  const size_t end = head.find(kHeadEnd, seen - std::min(seen, kHeadEnd.size()));
  if (end == absl::string_view::npos) {
    if (CannotBecomeAHead(head, seen)) {
      Stop(State::kBroken, Body::kCutShort);
    } else if (bytes.size() > head.size()) {
      reply.status_of_large_head = StatusIn(head);
      Stop(State::kTooLarge, Body::kCutShort);
    }
    return 0;
  }
  const size_t size = end + kHeadEnd.size();
  error_code error;
  if (size > kStatusEnd && head[kStatusEnd] == '\r') {
    // Servers that send no reason phrase often leave out the space before it, too.
    const std::string spaced =
        absl::StrCat(head.substr(0, kStatusEnd), " ", head.substr(kStatusEnd, size - kStatusEnd));
    reply.parser->put({spaced.data(), spaced.size()}, error);
  } else {
    reply.parser->put({head.data(), size}, error);
  }
  if (!reply.has_head) reply.interim_bytes += size;
  if (error) {
    Stop(State::kBroken, Body::kCutShort);
  } else if (reply.has_head && reply.decoder.state() != Body::kWhole) {
    Stop(State::kBroken, reply.decoder.state());
  } else if (reply.parser->is_done()) {
    EndMessage();
  }
  return size;
}

// Reads a part of the body, or a chunk's line. The line of the last chunk is read together with the
// trailers.
size_t ResponseReader::ParseBody(absl::string_view bytes) {
  Reply& reply = *reply_;
  const size_t body_before = reply.body_bytes;
  error_code error;
  const size_t count = reply.parser->put({bytes.data(), bytes.size()}, error);
  const size_t line = count - (reply.body_bytes - body_before);
  if (reply.decoder.state() != Body::kWhole) {
    // Nothing that follows can change what the reply says.
    Stop(State::kBroken, reply.decoder.state());
  } else if (error == beast::error::need_more) {
    return count;
  } else if (error || line > max_header_bytes_) {
    Stop(State::kBroken, Body::kCutShort);
  } else if (reply.parser->is_done()) {
    EndMessage();
  }
  return count;
}

void ResponseReader::EndMessage() {
  Reply& reply = *reply_;
  if (reply.has_head) {
    const Body body = reply.decoder.Finish();
    if (body != Body::kWhole) return Stop(State::kBroken, body);
    reply.response.body = reply.decoder.Take();
    reply.state = State::kComplete;
  } else if (reply.interim_bytes > kInterimHeads * max_header_bytes_) {
    Stop(State::kTooLarge, Body::kCutShort);
  } else {
    reply.response.status = 0;
    reply.parser.emplace(reply);
  }
}

// Ends the reply, because its rest cannot be read. If the head is complete, the state is kComplete,
// and `body` is the body_state. Otherwise the state is `without_head`.
void ResponseReader::Stop(State without_head, Body body) {
  Reply& reply = *reply_;
  reply.keeps_connection = false;
  reply.state = reply.has_head ? State::kComplete : without_head;
  reply.response.body_state = body;
}

void ResponseReader::End(bool in_good_order) {
  Reply& reply = *reply_;
  if (reply.state != State::kReading) return;
  if (reply.has_head && reply.parser->need_eof() && in_good_order) return EndMessage();
  Stop(State::kBroken, Body::kCutShort);
}

ResponseReader::State ResponseReader::state() const { return reply_->state; }
bool ResponseReader::has_head() const { return reply_->has_head; }
int ResponseReader::status_of_large_head() const { return reply_->status_of_large_head; }
bool ResponseReader::keeps_connection() const { return reply_->keeps_connection; }
std::optional<absl::Duration> ResponseReader::keep_alive() const { return reply_->keep_alive; }

Response ResponseReader::TakeHead() {
  Stop(State::kBroken, Body::kCutShort);
  return Take();
}

Response ResponseReader::Take() { return std::exchange(reply_->response, Response{}); }

}  // namespace gateway::http
