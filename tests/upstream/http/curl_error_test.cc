#include "upstream/http/curl_error.h"

#include <gtest/gtest.h>

#include <set>

namespace gateway::http {
namespace {

using Kind = Error::Kind;

struct Row {
  CURLcode code;
  Kind kind;
};

constexpr Row kExpected[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, Kind::kBroken},
    {CURLE_FAILED_INIT, Kind::kBroken},
    {CURLE_URL_MALFORMAT, Kind::kInvalid},
    {CURLE_NOT_BUILT_IN, Kind::kInvalid},
    {CURLE_COULDNT_RESOLVE_HOST, Kind::kResolve},
    {CURLE_COULDNT_CONNECT, Kind::kConnect},
    {CURLE_WEIRD_SERVER_REPLY, Kind::kBroken},
    {CURLE_HTTP2, Kind::kBroken},
    {CURLE_PARTIAL_FILE, Kind::kBroken},
    {CURLE_WRITE_ERROR, Kind::kBroken},
    {CURLE_READ_ERROR, Kind::kBroken},
    {CURLE_OUT_OF_MEMORY, Kind::kBroken},
    {CURLE_OPERATION_TIMEDOUT, Kind::kConnect},
    {CURLE_HTTP_POST_ERROR, Kind::kBroken},
    {CURLE_SSL_CONNECT_ERROR, Kind::kTls},
    {CURLE_ABORTED_BY_CALLBACK, Kind::kBroken},
    {CURLE_BAD_FUNCTION_ARGUMENT, Kind::kInvalid},
    {CURLE_UNKNOWN_OPTION, Kind::kInvalid},
    {CURLE_SETOPT_OPTION_SYNTAX, Kind::kInvalid},
    {CURLE_GOT_NOTHING, Kind::kBroken},
    {CURLE_SSL_ENGINE_NOTFOUND, Kind::kTls},
    {CURLE_SSL_ENGINE_SETFAILED, Kind::kTls},
    {CURLE_SEND_ERROR, Kind::kBroken},
    {CURLE_RECV_ERROR, Kind::kBroken},
    {CURLE_SSL_CERTPROBLEM, Kind::kTls},
    {CURLE_SSL_CIPHER, Kind::kTls},
    {CURLE_PEER_FAILED_VERIFICATION, Kind::kTls},
    {CURLE_BAD_CONTENT_ENCODING, Kind::kBroken},
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
    {CURLE_HTTP2_STREAM, Kind::kBroken},
    {CURLE_RECURSIVE_API_CALL, Kind::kBroken},
    {CURLE_SSL_CLIENTCERT, Kind::kTls},
    {CURLE_UNRECOVERABLE_POLL, Kind::kBroken},
};

TEST(CurlErrorTest, RowByRow) {
  for (const Row& row : kExpected) {
    EXPECT_EQ(KindOf(row.code), row.kind) << row.code << ' ' << curl_easy_strerror(row.code);
  }
}

TEST(CurlErrorTest, OtherCodesPromiseNothing) {
  std::set<int> expected;
  for (const Row& row : kExpected) expected.insert(row.code);
  for (int code = 1; code < CURL_LAST; ++code) {
    if (expected.count(code) > 0) continue;
    EXPECT_EQ(KindOf(static_cast<CURLcode>(code)), Kind::kBroken) << code;
  }
}

}  // namespace
}  // namespace gateway::http
