#include "upstream/http/body_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "upstream/http/body_memory.h"

namespace gateway::http {
namespace {

// The first allocation is no larger than this, however large the announced length is: a head alone
// must not cost much memory.
constexpr size_t kMaxTrustedLength = size_t{1024} * 1024;
constexpr size_t kInflateStep = size_t{16} * 1024;
// For zlib: 15 is the largest window, and + 16 expects a gzip header.
constexpr int kGzipWindow = 15 + 16;

}  // namespace

void BodyDecoder::InflateEnd::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

BodyDecoder::BodyDecoder(size_t max_bytes) : max_bytes_(max_bytes) {}
BodyDecoder::~BodyDecoder() = default;

void BodyDecoder::Reset() {
  state_ = Body::kWhole;
  body_.clear();
  expected_ = 0;
  is_gzip_ = false;
  at_member_end_ = false;
  stream_ = nullptr;
}

void BodyDecoder::Fail(Body state) {
  state_ = state;
  body_ = std::string();
  stream_ = nullptr;
}

void BodyDecoder::AddEncoding(absl::string_view encoding) {
  for (absl::string_view coding : absl::StrSplit(encoding, ',')) {
    coding = absl::StripAsciiWhitespace(coding);
    if (coding.empty() || absl::EqualsIgnoreCase(coding, "identity")) continue;
    const bool gzip =
        absl::EqualsIgnoreCase(coding, "gzip") || absl::EqualsIgnoreCase(coding, "x-gzip");
    if (!gzip || std::exchange(is_gzip_, true)) return Fail(Body::kUnreadable);
  }
}

void BodyDecoder::Expect(uint64_t length) {
  expected_ = static_cast<size_t>(std::min<uint64_t>(length, kMaxTrustedLength));
}

void BodyDecoder::Append(absl::string_view bytes) {
  if (state_ != Body::kWhole) return;
  if (is_gzip_) {
    Inflate(bytes);
  } else {
    AppendPlain(bytes);
  }
}

// Makes room for `size` bytes, and for the kBodyPadding bytes that a parser may read past them.
void BodyDecoder::Grow(size_t size) {
  if (size + kBodyPadding <= body_.capacity()) return;
  const size_t wanted =
      std::max({size, 2 * body_.size(), std::min(expected_, max_bytes_)}) + kBodyPadding;
  if (body_.empty()) {
    ReserveBodyMemory(body_, wanted);
  } else {
    body_.reserve(wanted);
  }
}

void BodyDecoder::AppendPlain(absl::string_view bytes) {
  if (bytes.size() > max_bytes_ - body_.size()) return Fail(Body::kTooLarge);
  Grow(body_.size() + bytes.size());
  body_.append(bytes.data(), bytes.size());
}

void BodyDecoder::Inflate(absl::string_view bytes) {
  if (stream_ == nullptr) {
    auto stream = std::make_unique<z_stream_s>();
    if (inflateInit2(stream.get(), kGzipWindow) != Z_OK) return Fail(Body::kUnreadable);
    stream_.reset(stream.release());
  }
  z_stream& stream = *stream_;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  char output[kInflateStep];
  do {
    // A gzip body is one member or several, one after the other (RFC 1952, 2.2).
    if (at_member_end_) {
      if (stream.avail_in == 0) return;
      if (inflateReset(&stream) != Z_OK) return Fail(Body::kUnreadable);
      at_member_end_ = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(output);
    stream.avail_out = sizeof(output);
    const int code = inflate(&stream, Z_NO_FLUSH);
    at_member_end_ = code == Z_STREAM_END;
    // The output before a fault is appended first, so that the result does not depend on how the
    // body was sliced.
    AppendPlain({output, sizeof(output) - stream.avail_out});
    if (state_ != Body::kWhole) return;
    // Z_BUF_ERROR is no fault: zlib needs more input.
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return Fail(Body::kUnreadable);
    }
  } while (stream.avail_out == 0 || (at_member_end_ && stream.avail_in > 0));
}

Body BodyDecoder::Finish() {
  const bool inflating = state_ == Body::kWhole && is_gzip_ && stream_ != nullptr;
  if (inflating && !at_member_end_) Fail(Body::kUnreadable);
  stream_ = nullptr;
  return state_;
}

std::string BodyDecoder::Take() {
  Grow(body_.size());
  return std::exchange(body_, std::string());
}

}  // namespace gateway::http
