#include "upstream/http/transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "upstream/http/curl_error.h"
#include "upstream/http/refused_streams.h"

namespace gateway::http {
namespace {

// Headers that libcurl adds by itself, in the form that removes them.
char kNoExpect[] = "Expect:";
char kNoContentType[] = "Content-Type:";

long Seconds(absl::Duration duration) {
  return static_cast<long>(
      std::clamp<int64_t>(absl::ToInt64Seconds(duration), 1, int64_t{365} * 24 * 3600));
}

bool MeansContent(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

// The text of these errors names hosts and certificates, never what was sent or received.
bool MayQuoteLibcurl(Error::Kind kind) {
  return kind == Error::Kind::kResolve || kind == Error::Kind::kConnect ||
         kind == Error::Kind::kTls;
}

}  // namespace

Transfer::Transfer(std::shared_ptr<const Request> request, const Options& options)
    : request_(std::move(request)),
      is_tls_(absl::StartsWithIgnoreCase(request_->url, "https:")),
      reply_(options.max_header_bytes, options.max_body_bytes) {}

CURLcode Transfer::Prepare(EasyHandle easy, bool share_connection) {
  easy_ = std::move(easy);
  TakeRefusal(easy_.get());  // of an earlier request on this handle
  SetProtocol(share_connection);
  SetRequest();
  SetCallbacks();
  return easy_.status();
}

EasyHandle Transfer::MakeHandle(const Options& options) {
  EasyHandle easy = EasyHandle::Create();
  easy.Set(CURLOPT_PROTOCOLS_STR, "http,https")
      .Set(CURLOPT_FOLLOWLOCATION, 0L)
      .Set(CURLOPT_PROXY, "")  // the empty text also keeps the environment's proxies out
      .Set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED))
      .Set(CURLOPT_NOSIGNAL, 1L)
      // Without it, ending a transfer during a name lookup blocks the event loop until getaddrinfo
      // returns.
      .Set(CURLOPT_QUICK_EXIT, 1L)
      .Set(CURLOPT_SSL_VERIFYPEER, 1L)
      .Set(CURLOPT_SSL_VERIFYHOST, 2L)
      .Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2))
      .Set(CURLOPT_CONNECTTIMEOUT_MS,
           static_cast<long>(std::clamp<int64_t>(absl::ToInt64Milliseconds(options.connect_timeout),
                                                 1, int64_t{3600} * 1000)))
      .Set(CURLOPT_MAXLIFETIME_CONN, Seconds(options.max_connection_age))
      .Set(CURLOPT_MAXAGE_CONN, Seconds(options.max_connection_idle))
      // Long enough for the connections of one burst; connections are looked up seldom.
      .Set(CURLOPT_DNS_CACHE_TIMEOUT, 1L)
      .Set(CURLOPT_PREREQFUNCTION, &Transfer::OnBeforeSend)
      .Set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader)
      .Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody)
      .Set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate")
      .Set(CURLOPT_MAXFILESIZE_LARGE, static_cast<long>(options.max_body_bytes))
      .Set(CURLOPT_PATH_AS_IS, 1L);
  if (options.tcp_keepalive > absl::ZeroDuration()) {
    easy.Set(CURLOPT_TCP_KEEPALIVE, 1L)
        .Set(CURLOPT_TCP_KEEPIDLE, Seconds(options.tcp_keepalive))
        .Set(CURLOPT_TCP_KEEPINTVL, Seconds(options.tcp_keepalive));
  }
  if (!options.ca_file.empty()) {
    // libcurl is built with a directory of the system's authorities, which would be trusted beside
    // the file.
    easy.Set(CURLOPT_CAINFO, options.ca_file.c_str()).Set(CURLOPT_CAPATH, nullptr);
  }
  return easy;
}

void Transfer::SetProtocol(bool share_connection) {
  easy_
      .Set(CURLOPT_HTTP_VERSION,
           static_cast<long>(is_tls_ ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
      .Set(CURLOPT_PIPEWAIT, is_tls_ && share_connection ? 1L : 0L);
}

void Transfer::SetRequest() {
  const bool with_body = request_->has_body || MeansContent(request_->method);
  // Where a verb means content, "none" is said as Content-Length: 0 (RFC 9110, 8.6).
  if (with_body) {
    easy_.Set(CURLOPT_POST, 1L)
        .Set(CURLOPT_POSTFIELDS, request_->has_body ? request_->body.data() : "")
        .Set(CURLOPT_POSTFIELDSIZE_LARGE,
             static_cast<long>(request_->has_body ? request_->body.size() : 0));
  } else {
    easy_.Set(CURLOPT_POSTFIELDS, nullptr).Set(CURLOPT_HTTPGET, 1L);
  }
  easy_.Set(CURLOPT_CUSTOMREQUEST, Name(request_->method).data());
  easy_.Set(CURLOPT_URL, request_->url.c_str());

  bool has_content_type = false;
  for (const absl::string_view header : request_->headers) {
    has_content_type |= absl::StartsWithIgnoreCase(header, "content-type:");
    const char* line = header.data();
    const size_t colon = header.find(':');
    if (absl::StripAsciiWhitespace(header.substr(colon + 1)).empty()) {
      // "Name:" would remove a header; libcurl spells an empty one "Name;".
      line = empty_headers_.emplace_back(header.substr(0, colon)).append(";").c_str();
    }
    header_lines_.push_back({const_cast<char*>(line), nullptr});
  }
  if (with_body) header_lines_.push_back({kNoExpect, nullptr});
  if (with_body && !has_content_type) header_lines_.push_back({kNoContentType, nullptr});
  for (size_t i = 1; i < header_lines_.size(); ++i) header_lines_[i - 1].next = &header_lines_[i];
  easy_.Set(CURLOPT_HTTPHEADER, header_lines_.empty() ? nullptr : header_lines_.data());
}

void Transfer::SetCallbacks() {
  easy_.Set(CURLOPT_PREREQDATA, this)
      .Set(CURLOPT_HEADERDATA, this)
      .Set(CURLOPT_WRITEDATA, this)
      .Set(CURLOPT_ERRORBUFFER, error_text_.data());
}

int Transfer::OnBeforeSend(void* self, char*, char*, int, int) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  transfer.repeat_refused_ = transfer.sent_;
  transfer.sent_ = true;
  return transfer.repeat_refused_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  const absl::string_view line(data, size * count);
  return static_cast<Transfer*>(self)->reply_.AppendHeaderLine(line) ? line.size() : 0;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const absl::string_view part(data, size * count);
  const long announced = transfer.easy_.GetLength(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  return transfer.reply_.AppendBody(part, announced) ? part.size() : 0;
}

Result Transfer::Finish(CURLcode code) {
  if (reply_.failure() == Error::Kind::kTooLarge) {
    return MakeError(Error::Kind::kTooLarge, "the reply exceeds the configured size");
  }
  if (reply_.failure()) return MakeError(*reply_.failure(), "the reply is not valid HTTP");
  if (TakeRefusal(easy_.get()) && !reply_.has_head()) {
    return Error{.kind = Error::Kind::kUnprocessed,
                 .sent = false,
                 .message = "the upstream refused the HTTP/2 stream"};
  }
  if (repeat_refused_) {
    return MakeError(Error::Kind::kBroken,
                     "the connection ended before the reply; the request was not repeated");
  }
  if (code == CURLE_OK && reply_.has_head()) return reply_.Take();
  if (code == CURLE_OK) return MakeError(Error::Kind::kBroken, "the reply ended in its headers");
  const Error::Kind kind = Interpret(code);
  const bool quote = MayQuoteLibcurl(kind) && error_text_[0] != '\0';
  return MakeError(kind, quote ? error_text_.data() : curl_easy_strerror(code));
}

// The table, corrected by what is known of this transfer.
Error::Kind Transfer::Interpret(CURLcode code) const {
  const Error::Kind kind = KindOf(code);
  if (!sent()) return kind;
  // Whatever libcurl finds invalid once the request has left is not the request.
  if (kind == Error::Kind::kInvalid) return Error::Kind::kBroken;
  // So libcurl reports a header line above its own limit, 100 KB.
  if (code == CURLE_OUT_OF_MEMORY) return Error::Kind::kTooLarge;
  return kind;
}

Error Transfer::MakeError(Error::Kind kind, absl::string_view message) const {
  return Error{.kind = kind, .sent = sent(), .message = std::string(message)};
}

}  // namespace gateway::http
