#include "upstream/http/request_check.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway::http {
namespace {

bool AcceptsUrl(std::string url) {
  Request request;
  request.url = std::move(url);
  return Check(request).ok();
}

bool AcceptsHeader(std::string header) {
  Request request;
  request.url = "https://api.example/";
  request.headers = {std::move(header)};
  return Check(request).ok();
}

TEST(RequestCheckTest, Urls) {
  EXPECT_TRUE(AcceptsUrl("https://api.example"));
  EXPECT_TRUE(AcceptsUrl("http://127.0.0.1:8080/v1/a%20b?c=d&e=@"));
  EXPECT_TRUE(AcceptsUrl("HTTPS://[::1]:443/"));

  EXPECT_FALSE(AcceptsUrl(""));
  EXPECT_FALSE(AcceptsUrl("api.example/"));
  EXPECT_FALSE(AcceptsUrl("ftp://api.example/"));
  EXPECT_FALSE(AcceptsUrl("file:///etc/passwd"));
  EXPECT_FALSE(AcceptsUrl("https:///path"));
  EXPECT_FALSE(AcceptsUrl("https://?query"));
  EXPECT_FALSE(AcceptsUrl("https://user:password@api.example/"));
  EXPECT_FALSE(AcceptsUrl("https://api.example/a b"));
  EXPECT_FALSE(AcceptsUrl("https://api.example/\r\nX: y"));
  EXPECT_FALSE(AcceptsUrl("https://api.example/\t"));
  EXPECT_FALSE(AcceptsUrl("https://api.example/\xc3\xa4"));
  EXPECT_FALSE(AcceptsUrl(std::string("https://api.example/\0", 21)));
}

TEST(RequestCheckTest, Headers) {
  EXPECT_TRUE(AcceptsHeader("Authorization: APIKey abc"));
  EXPECT_TRUE(AcceptsHeader("X-Empty:"));
  EXPECT_TRUE(AcceptsHeader("X-Tab: a\tb"));
  EXPECT_TRUE(AcceptsHeader("X-Text: \xc3\xa4"));

  EXPECT_FALSE(AcceptsHeader(""));
  EXPECT_FALSE(AcceptsHeader("no colon"));
  EXPECT_FALSE(AcceptsHeader(": value"));
  EXPECT_FALSE(AcceptsHeader("X Name: value"));
  EXPECT_FALSE(AcceptsHeader("X-Name : value"));
  EXPECT_FALSE(AcceptsHeader("X-Name: a\r\nX-Other: b"));
  EXPECT_FALSE(AcceptsHeader("X-Name: a\n"));
  EXPECT_FALSE(AcceptsHeader("X-Name: a\r"));
  EXPECT_FALSE(AcceptsHeader("X-Name: a\x7f"));
  EXPECT_FALSE(AcceptsHeader(std::string("X-Name: a\0b", 11)));
}

TEST(RequestCheckTest, EveryCharacterOfNameValueAndUrl) {
  const std::string token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool visible = i > 0x20 && i < 0x7f;
    EXPECT_EQ(AcceptsUrl(std::string("https://api.example/") + c), visible) << i;
    EXPECT_EQ(AcceptsHeader(std::string("X-Name: a") + c + "b"),
              i == '\t' || (i >= 0x20 && i != 0x7f))
        << i;
    // A colon ends the name, so it is accepted too.
    const bool in_name = token.find(c) != std::string::npos || c == ':';
    EXPECT_EQ(AcceptsHeader(std::string("X") + c + "Name: a"), in_name) << i;
  }
}

TEST(RequestCheckTest, HeadersOfTheTransport) {
  for (const char* name : {"Accept-Encoding", "Connection", "content-length", "Expect", "HOST",
                           "Keep-Alive", "TE", "Transfer-Encoding", "Trailer", "Upgrade"}) {
    EXPECT_FALSE(AcceptsHeader(std::string(name) + ": x")) << name;
  }
}

TEST(RequestCheckTest, RepeatsNothingOfTheContent) {
  Request request;
  request.url = "https://api.example/";
  request.headers = {"Authorization: secret\r\n"};
  EXPECT_EQ(Check(request).message().find("secret"), absl::string_view::npos);
}

}  // namespace
}  // namespace gateway::http
