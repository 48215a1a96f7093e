// The bytes of one request, and how far they are written:
//
//   POST /v1/orders HTTP/1.1
//   Host: api.example
//   Accept-Encoding: gzip
//   <the request's own headers>
//   Content-Length: 17
//
//   <body>
//
// Thread-safety: none. Lifetime: keeps the request until all is written, or Clear. Memory: the head
// may hold a key; it is overwritten then, and its buffer left to the thread's next request.
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

  // `target`: path and query.
  void Begin(std::shared_ptr<const Request> request, absl::string_view authority,
             absl::string_view target);
  void Clear();

  bool done() const { return written_ == head_.size() + rest_.size(); }

  // What is to be written next, the same bytes at the same place until Advance: TLS wants a write
  // that it could not finish repeated as it was.
  absl::string_view Next() const;

  // So many bytes of Next() are written.
  void Advance(size_t count);

 private:
  std::shared_ptr<const Request> request_;
  std::string head_;        // and the body, where that is small
  absl::string_view rest_;  // the body, where it is not
  size_t written_ = 0;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_REQUEST_WRITER_H_
