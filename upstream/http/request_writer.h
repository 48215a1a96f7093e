// The bytes of one request, and how many of them are written:
//
//   POST /v1/orders HTTP/1.1
//   Host: api.example
//   Accept-Encoding: gzip
//   <the request's own headers>
//   Content-Length: 17
//
//   <body>
//
// Thread-safety: none. Lifetime: keeps the request until all is written, or until Clear. Memory:
// the head may hold a key, so its bytes are overwritten at that moment. The buffer is then kept for
// the thread's next request.
//
//   writer.Begin(request, origin.authority, target);
//   while (!writer.done()) writer.Advance(send(fd, writer.Next()));
#ifndef UPSTREAM_HTTP_REQUEST_WRITER_H_
#define UPSTREAM_HTTP_REQUEST_WRITER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"

namespace gateway::http {

class RequestWriter {
 public:
  RequestWriter() = default;
  ~RequestWriter();
  RequestWriter(const RequestWriter&) = delete;
  RequestWriter& operator=(const RequestWriter&) = delete;

  // `target` is the path and query.
  void Begin(std::shared_ptr<const Request> request, absl::string_view authority,
             absl::string_view target);
  void Clear();

  bool done() const { return written_ == head_.size() + rest_.size(); }

  // Returns the bytes to write next. Until Advance, they are the same bytes at the same address,
  // because TLS requires that an unfinished write is repeated unchanged.
  absl::string_view Next() const;

  // Says that `count` bytes of Next() are written.
  void Advance(size_t count);

 private:
  std::shared_ptr<const Request> request_;
  std::string head_;        // the head, and the body if it is small
  absl::string_view rest_;  // the body if it is not small
  size_t written_ = 0;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REQUEST_WRITER_H_
