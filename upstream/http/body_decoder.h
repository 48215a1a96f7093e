// Collects a reply's body and decodes its Content-Encoding: identity or gzip, which is all that
// requests ask for.
//
// Thread-safety: none. Memory: the body grows as bytes arrive. The announced length only enlarges
// the first allocation, up to 1 MiB. The result has kBodyPadding bytes of spare capacity.
//
//   BodyDecoder decoder(limit);
//   decoder.AddEncoding("gzip");
//   while (...) decoder.Append(bytes);
//   const Body state = decoder.Finish();
//   std::string body = decoder.Take();
#ifndef UPSTREAM_HTTP_BODY_DECODER_H_
#define UPSTREAM_HTTP_BODY_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"

struct z_stream_s;

namespace gateway::http {

class BodyDecoder {
 public:
  explicit BodyDecoder(size_t max_bytes);
  ~BodyDecoder();
  BodyDecoder(const BodyDecoder&) = delete;
  BodyDecoder& operator=(const BodyDecoder&) = delete;

  // Discards the last body and its encodings, before the next body.
  void Reset();

  // Must be called for each Content-Encoding header of the reply. Any coding but identity, gzip and
  // x-gzip, or a second gzip, makes the body kUnreadable.
  void AddEncoding(absl::string_view encoding);
  void SetUnreadable() { Fail(Body::kUnreadable); }

  // The length that the head announces: a hint for the first allocation.
  void Expect(uint64_t length);

  // Does nothing after a failure.
  void Append(absl::string_view bytes);

  // Returns kWhole, or after a failure its kind.
  Body state() const { return state_; }

  // Must be called when all bytes have been appended. Returns the final state().
  Body Finish();

  std::string Take();

 private:
  struct InflateEnd {
    void operator()(z_stream_s* stream) const;
  };

  void Fail(Body state);
  void Grow(size_t size);
  void AppendPlain(absl::string_view bytes);
  void Inflate(absl::string_view bytes);

  const size_t max_bytes_;
  Body state_ = Body::kWhole;
  std::string body_;
  size_t expected_ = 0;
  bool is_gzip_ = false;
  bool at_member_end_ = false;
  std::unique_ptr<z_stream_s, InflateEnd> stream_;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_BODY_DECODER_H_
