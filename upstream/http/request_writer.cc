#include "upstream/http/request_writer.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::http {
namespace {

// A body up to this size is sent in one write with its head.
constexpr size_t kSmallBody = size_t{16} * 1024;
// A larger body is written in slices of this size.
constexpr size_t kSlice = size_t{64} * 1024;
// A buffer with a larger capacity is not kept.
constexpr size_t kKeptCapacity = size_t{32} * 1024;

// The buffer for this thread's requests, most of which are written at once. If each connection had
// a buffer of its own, idle connections would hold buffers, too.
std::string& SpareBuffer() {
  thread_local std::string buffer;
  return buffer;
}

bool MeansContent(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

// An upper bound of the size of the request's head.
size_t RoomForHead(const Request& request, size_t authority, size_t target) {
  constexpr size_t kFixedParts = 128;
  size_t room = kFixedParts + authority + target;
  for (const absl::string_view line : request.headers) room += line.size() + 2;
  return room;
}

}  // namespace

RequestWriter::~RequestWriter() { explicit_bzero(head_.data(), head_.size()); }

void RequestWriter::Begin(std::shared_ptr<const Request> request, absl::string_view authority,
                          absl::string_view target) {
  request_ = std::move(request);
  const absl::string_view body = request_->has_body ? request_->body : absl::string_view();
  const bool small = body.size() <= kSmallBody;
  head_.swap(SpareBuffer());
  // Reserved at once: a buffer that grows would leave a copy of the key behind.
  head_.reserve(RoomForHead(*request_, authority.size(), target.size()) +
                (small ? body.size() : 0));
  absl::StrAppend(&head_, Name(request_->method), " ", target, " HTTP/1.1\r\nHost: ", authority,
                  "\r\nAccept-Encoding: gzip\r\n");
  for (const absl::string_view line : request_->headers) {
    head_.append(line.data(), line.size()).append("\r\n");
  }
  // With these methods, "no content" is sent as Content-Length: 0 (RFC 9110, 8.6).
  if (request_->has_body || MeansContent(request_->method)) {
    absl::StrAppend(&head_, "Content-Length: ", body.size(), "\r\n");
  }
  absl::StrAppend(&head_, "\r\n");
  if (small) {
    head_.append(body.data(), body.size());
  } else {
    rest_ = body;
  }
}

void RequestWriter::Clear() {
  explicit_bzero(head_.data(), head_.size());
  head_.clear();
  std::string& spare = SpareBuffer();
  if (head_.capacity() > spare.capacity() && head_.capacity() <= kKeptCapacity) spare.swap(head_);
  head_ = std::string();
  rest_ = {};
  written_ = 0;
  request_ = nullptr;
}

void RequestWriter::Advance(size_t count) {
  written_ += count;
  if (done()) Clear();
}

absl::string_view RequestWriter::Next() const {
  if (written_ < head_.size()) return absl::string_view(head_).substr(written_);
  return rest_.substr(written_ - head_.size(), kSlice);
}

}  // namespace gateway::http
