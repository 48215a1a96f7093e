#include "upstream/http/curl_error.h"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

using Kind = Error::Kind;

TEST(CurlErrorTest, ANameWithoutAnAddressIsToldApart) {
  EXPECT_EQ(KindOf(CURLE_COULDNT_RESOLVE_HOST), Kind::kResolve);
  EXPECT_EQ(KindOf(CURLE_COULDNT_RESOLVE_PROXY), Kind::kResolve);
}

TEST(CurlErrorTest, CertificatesAndHandshakesAreTls) {
  for (const CURLcode code :
       {CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CLIENTCERT, CURLE_SSL_CIPHER}) {
    EXPECT_EQ(KindOf(code), Kind::kTls) << curl_easy_strerror(code);
  }
}

TEST(CurlErrorTest, AnythingElseIsAFailureToConnect) {
  for (const CURLcode code : {CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_PROXY,
                              CURLE_RECV_ERROR, CURLE_OUT_OF_MEMORY}) {
    EXPECT_EQ(KindOf(code), Kind::kConnect) << curl_easy_strerror(code);
  }
}

}  // namespace
}  // namespace gateway::http
