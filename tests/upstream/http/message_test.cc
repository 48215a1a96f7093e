#include "upstream/http/message.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gateway::http {
namespace {

TEST(ResponseTest, FindsAHeaderWhateverItsCase) {
  Response response;
  response.headers = "Content-Type: text/plain\r\nX-Trace:  abc \r\nEmpty:\r\nx-trace: second\r\n";
  EXPECT_EQ(response.Header("content-TYPE"), "text/plain");
  EXPECT_EQ(response.Header("X-Trace"), "abc");
  EXPECT_EQ(response.Header("Empty"), "");
  EXPECT_EQ(response.Header("X-Tra"), "");
  EXPECT_EQ(response.Header("Trace"), "");
  EXPECT_EQ(response.Header("text/plain"), "");
  EXPECT_EQ(Response{}.Header("Content-Type"), "");
}

TEST(NameTest, OfMethodsIsTheVerb) {
  EXPECT_EQ(Name(Method::kGet), "GET");
  EXPECT_EQ(Name(Method::kPost), "POST");
  EXPECT_EQ(Name(Method::kPut), "PUT");
  EXPECT_EQ(Name(Method::kPatch), "PATCH");
  EXPECT_EQ(Name(Method::kDelete), "DELETE");
}

TEST(NameTest, OfKindsAreDistinct) {
  std::set<std::string> names;
  for (Error::Kind kind :
       {Error::Kind::kResolve, Error::Kind::kConnect, Error::Kind::kTls, Error::Kind::kBroken,
        Error::Kind::kTooLarge, Error::Kind::kDeadline, Error::Kind::kCancelled,
        Error::Kind::kOverloaded, Error::Kind::kShutdown, Error::Kind::kInvalid}) {
    names.emplace(Name(kind));
  }
  EXPECT_EQ(names.size(), 10);
}

}  // namespace
}  // namespace gateway::http
