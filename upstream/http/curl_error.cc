#include "upstream/http/curl_error.h"

namespace gateway::http {
namespace {

using Kind = Error::Kind;

struct Row {
  CURLcode code;
  Kind kind;
};

// In the order of libcurl's documentation. Codes of other protocols (FTP, LDAP, SSH, RTSP, TFTP...)
// and of options that are never set (proxy, client certificate, range, pinned key) cannot occur and
// are left out.
constexpr Row kTable[] = {
    // The reply has no status line (HTTP/0.9). A scheme other than http and https never gets as far
    // as libcurl.
    {CURLE_UNSUPPORTED_PROTOCOL, Kind::kBroken},
    // This process lacks something: nothing is known of the upstream.
    {CURLE_FAILED_INIT, Kind::kBroken},
    {CURLE_URL_MALFORMAT, Kind::kInvalid},
    {CURLE_NOT_BUILT_IN, Kind::kInvalid},
    {CURLE_COULDNT_RESOLVE_HOST, Kind::kResolve},
    // Also: no descriptor left for the socket.
    {CURLE_COULDNT_CONNECT, Kind::kConnect},
    // The reply is not HTTP.
    {CURLE_WEIRD_SERVER_REPLY, Kind::kBroken},
    // The HTTP/2 session failed as a whole, GOAWAY included.
    {CURLE_HTTP2, Kind::kBroken},
    // The body ended before its announced length.
    {CURLE_PARTIAL_FILE, Kind::kBroken},
    // A write callback refused the reply; the transfer knows why and says so itself.
    {CURLE_WRITE_ERROR, Kind::kBroken},
    {CURLE_READ_ERROR, Kind::kBroken},
    {CURLE_OUT_OF_MEMORY, Kind::kBroken},
    // The connect phase alone is timed by libcurl; the request's deadline is kept by the event
    // loop.
    {CURLE_OPERATION_TIMEDOUT, Kind::kConnect},
    {CURLE_HTTP_POST_ERROR, Kind::kBroken},
    {CURLE_SSL_CONNECT_ERROR, Kind::kTls},
    // The guard against repeating a request stopped it; the transfer says so itself.
    {CURLE_ABORTED_BY_CALLBACK, Kind::kBroken},
    {CURLE_BAD_FUNCTION_ARGUMENT, Kind::kInvalid},
    {CURLE_UNKNOWN_OPTION, Kind::kInvalid},
    {CURLE_SETOPT_OPTION_SYNTAX, Kind::kInvalid},
    // The connection closed without a byte of reply.
    {CURLE_GOT_NOTHING, Kind::kBroken},
    {CURLE_SSL_ENGINE_NOTFOUND, Kind::kTls},
    {CURLE_SSL_ENGINE_SETFAILED, Kind::kTls},
    {CURLE_SEND_ERROR, Kind::kBroken},
    {CURLE_RECV_ERROR, Kind::kBroken},
    {CURLE_SSL_CERTPROBLEM, Kind::kTls},
    {CURLE_SSL_CIPHER, Kind::kTls},
    {CURLE_PEER_FAILED_VERIFICATION, Kind::kTls},
    {CURLE_BAD_CONTENT_ENCODING, Kind::kBroken},
    // Content-Length alone is above the cap.
    {CURLE_FILESIZE_EXCEEDED, Kind::kTooLarge},
    {CURLE_SEND_FAIL_REWIND, Kind::kBroken},
    {CURLE_SSL_ENGINE_INITFAILED, Kind::kTls},
    {CURLE_SSL_CACERT_BADFILE, Kind::kTls},
    {CURLE_SSL_SHUTDOWN_FAILED, Kind::kTls},
    {CURLE_AGAIN, Kind::kBroken},
    {CURLE_SSL_CRL_BADFILE, Kind::kTls},
    {CURLE_SSL_ISSUER_ERROR, Kind::kTls},
    {CURLE_NO_CONNECTION_AVAILABLE, Kind::kConnect},
    {CURLE_SSL_INVALIDCERTSTATUS, Kind::kTls},
    // One HTTP/2 stream was reset.
    {CURLE_HTTP2_STREAM, Kind::kBroken},
    {CURLE_RECURSIVE_API_CALL, Kind::kBroken},
    // The server asks for a certificate that this client does not have.
    {CURLE_SSL_CLIENTCERT, Kind::kTls},
    {CURLE_UNRECOVERABLE_POLL, Kind::kBroken},
};

}  // namespace

Error::Kind KindOf(CURLcode code) {
  for (const Row& row : kTable) {
    if (row.code == code) return row.kind;
  }
  return Kind::kBroken;
}

}  // namespace gateway::http
