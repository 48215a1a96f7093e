#include "upstream/http/curl_error.h"

namespace gateway::http {
namespace {

using Kind = Error::Kind;

struct Row {
  CURLcode code;
  Kind kind;
};

// The codes that an attempt to connect can end with, in the order of libcurl's documentation. All
// other codes count as kConnect.
constexpr Row kTable[] = {
    {CURLE_URL_MALFORMAT, Kind::kInvalid},
    {CURLE_NOT_BUILT_IN, Kind::kInvalid},
    {CURLE_COULDNT_RESOLVE_PROXY, Kind::kResolve},
    {CURLE_COULDNT_RESOLVE_HOST, Kind::kResolve},
    // libcurl also uses this code if no descriptor was left for the socket.
    {CURLE_COULDNT_CONNECT, Kind::kConnect},
    // The connect timeout is the only one that is set.
    {CURLE_OPERATION_TIMEDOUT, Kind::kConnect},
    {CURLE_SSL_CONNECT_ERROR, Kind::kTls},
    {CURLE_SSL_ENGINE_NOTFOUND, Kind::kTls},
    {CURLE_SSL_ENGINE_SETFAILED, Kind::kTls},
    // Our own certificate is bad, or the key does not belong to it.
    {CURLE_SSL_CERTPROBLEM, Kind::kTls},
    {CURLE_SSL_CIPHER, Kind::kTls},
    {CURLE_PEER_FAILED_VERIFICATION, Kind::kTls},
    {CURLE_SSL_ENGINE_INITFAILED, Kind::kTls},
    {CURLE_SSL_CACERT_BADFILE, Kind::kTls},
    {CURLE_SSL_SHUTDOWN_FAILED, Kind::kTls},
    {CURLE_SSL_CRL_BADFILE, Kind::kTls},
    {CURLE_SSL_ISSUER_ERROR, Kind::kTls},
    {CURLE_SSL_INVALIDCERTSTATUS, Kind::kTls},
    // The server asks for a certificate, and we have none.
    {CURLE_SSL_CLIENTCERT, Kind::kTls},
};

}  // namespace

Error::Kind KindOf(CURLcode code) {
  for (const Row& row : kTable) {
    if (row.code == code) return row.kind;
  }
  return Kind::kConnect;
}

}  // namespace gateway::http
