// One request on one easy handle: what libcurl is told, what it reports, and whether anything was
// sent.
//
// Thread-safety: none; it belongs to its event loop's thread once prepared.
// Lifetime: libcurl keeps pointers into it from Prepare until the handle left its multi handle; it
// must not move.
//
// At most once on the wire. libcurl repeats a request by itself when a connection that it reused
// ends before the first byte of the reply, whatever the verb, and when an HTTP/2 server refuses the
// stream. Each such repeat starts over in libcurl's state machine, and passes the pre-request
// callback before it can write anything. So this callback decides: its first call marks the request
// as sent, and a further call is refused. It also makes sent() == false a promise: before that
// callback no byte of the request exists outside this process. See
// docs/adr/0002-at-most-once-on-the-wire.md.
#ifndef UPSTREAM_HTTP_TRANSFER_H_
#define UPSTREAM_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/message.h"
#include "upstream/http/options.h"
#include "upstream/http/reply.h"

namespace gateway::http {

class Transfer {
 public:
  Transfer(std::shared_ptr<const Request> request, const Options& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // A handle with the options that all requests to one upstream share.
  static EasyHandle MakeHandle(const Options& options);

  // Sets every option that differs between requests, on a handle of MakeHandle, new or used; keeps
  // it until ReleaseHandle. With `share_connection` it waits for a connection in the making, in the
  // hope of HTTP/2, rather than open one of its own.
  CURLcode Prepare(EasyHandle easy, bool share_connection);

  // What became of the request, from libcurl's result.
  Result Finish(CURLcode code);

  // An error of this request, for ends that libcurl knows nothing of.
  Error MakeError(Error::Kind kind, absl::string_view message) const;

  EasyHandle ReleaseHandle() { return std::move(easy_); }
  EasyHandle& handle() { return easy_; }

  const Request& request() const { return *request_; }
  bool is_tls() const { return is_tls_; }

  // Whether a byte of the request may have left this process.
  bool sent() const { return sent_; }

  // Whether libcurl was kept from sending it a second time.
  bool repeat_refused() const { return repeat_refused_; }

 private:
  void SetProtocol(bool share_connection);
  void SetRequest();
  void SetCallbacks();
  Error::Kind Interpret(CURLcode code) const;

  static int OnBeforeSend(void* self, char*, char*, int, int);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  const std::shared_ptr<const Request> request_;
  const bool is_tls_;
  EasyHandle easy_;
  // A list in libcurl's form, over the lines of request_; those of them that have no value.
  absl::InlinedVector<curl_slist, 8> header_lines_;
  std::list<std::string> empty_headers_;
  Reply reply_;
  bool sent_ = false;
  bool repeat_refused_ = false;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_TRANSFER_H_
