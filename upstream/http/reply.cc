#include "upstream/http/reply.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "upstream/http/body_memory.h"

namespace gateway::http {
namespace {

// The first allocation follows the announced length no further than this, so that an announcement
// alone costs nothing.
constexpr size_t kMaxTrustedLength = size_t{1024} * 1024;

constexpr size_t kUsualHeaderBytes = 512;

absl::string_view WithoutLineEnd(absl::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// "HTTP/1.1 200 OK" or "HTTP/2 200"; 0 where there is no status.
int StatusOf(absl::string_view line) {
  const size_t space = line.find(' ');
  int status = 0;
  if (space == absl::string_view::npos) return 0;
  return absl::SimpleAtoi(line.substr(space + 1, 3), &status) ? status : 0;
}

// The headers that delimit the body. One reply has one of them at most: what two of them delimit,
// two readers may read differently (RFC 9112, 6.3 and 11.2).
bool IsLength(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "content-length") ||
         absl::EqualsIgnoreCase(name, "transfer-encoding");
}

}  // namespace

bool Reply::Fail(Error::Kind kind) {
  failure_ = kind;
  return false;
}

void Reply::StartOver(absl::string_view status_line) {
  response_ = Response{};
  response_.headers.reserve(kUsualHeaderBytes);
  response_.status = StatusOf(status_line);
  expecting_ = Expecting::kHeaders;
  has_length_ = false;
}

bool Reply::AppendHeaderLine(absl::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes_) return Fail(Error::Kind::kTooLarge);
  line = WithoutLineEnd(line);
  switch (expecting_) {
    case Expecting::kTrailers:
      return true;
    case Expecting::kStatusLine:
      StartOver(line);
      return response_.status != 0 || Fail(Error::Kind::kBroken);
    case Expecting::kHeaders:
      break;
  }
  if (line.empty()) {
    expecting_ = response_.status < 200 ? Expecting::kStatusLine : Expecting::kTrailers;
    return true;
  }
  if (line[0] == ' ' || line[0] == '\t') {
    // A header folded over two lines (obsolete, RFC 9112, 5.2): one space joins them.
    if (response_.headers.empty()) return Fail(Error::Kind::kBroken);
    response_.headers.resize(response_.headers.size() - 2);
    line = absl::StripAsciiWhitespace(line);
    absl::StrAppend(&response_.headers, " ", line, "\r\n");
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return Fail(Error::Kind::kBroken);
  if (IsLength(line.substr(0, colon)) && std::exchange(has_length_, true)) {
    return Fail(Error::Kind::kBroken);
  }
  absl::StrAppend(&response_.headers, line, "\r\n");
  return true;
}

bool Reply::AppendBody(absl::string_view data, long announced) {
  std::string& body = response_.body;
  const size_t size = body.size() + data.size();
  if (size > max_body_bytes_) return Fail(Error::Kind::kTooLarge);
  if (size + kBodyPadding > body.capacity()) {
    const size_t trusted =
        body.empty() && announced > 0
            ? std::min({static_cast<size_t>(announced), max_body_bytes_, kMaxTrustedLength})
            : 0;
    const size_t wanted = std::max({size, 2 * body.size(), trusted}) + kBodyPadding;
    if (body.empty()) {
      body = TakeBodyMemory(wanted);
    } else {
      body.reserve(wanted);
    }
  }
  body.append(data.data(), data.size());
  return true;
}

Response Reply::Take() {
  response_.body.reserve(response_.body.size() + kBodyPadding);
  expecting_ = Expecting::kStatusLine;
  return std::exchange(response_, Response{});
}

}  // namespace gateway::http
