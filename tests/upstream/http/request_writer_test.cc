#include "upstream/http/request_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway::http {
namespace {

std::shared_ptr<const Request> MakeRequest(Method method, std::string body, bool has_body) {
  auto request = std::make_shared<Request>();
  request->method = method;
  request->headers = {"Authorization: Bearer key", "Content-Type: application/json"};
  request->body = std::move(body);
  request->has_body = has_body;
  return request;
}

// Returns all bytes, read in parts of this size.
std::string Written(RequestWriter& writer, size_t part) {
  std::string bytes;
  while (!writer.done()) {
    const absl::string_view next = writer.Next().substr(0, part);
    EXPECT_FALSE(next.empty());
    bytes.append(next.data(), next.size());
    writer.Advance(next.size());
  }
  return bytes;
}

TEST(RequestWriterTest, WritesHeadAndBodyInOnePiece) {
  RequestWriter writer;
  writer.Begin(MakeRequest(Method::kPost, "{}", true), "api.example:8443", "/v1/orders?a=b");
  const std::string expected =
      "POST /v1/orders?a=b HTTP/1.1\r\nHost: api.example:8443\r\nAccept-Encoding: gzip\r\n"
      "Authorization: Bearer key\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  EXPECT_EQ(writer.Next(), expected);
  EXPECT_EQ(Written(writer, 1), expected);
}

TEST(RequestWriterTest, ALargeBodyFollowsItsHead) {
  const std::string body(1'000'000, 'x');
  for (const size_t part : {size_t{7000}, size_t{1} << 30}) {
    RequestWriter writer;
    writer.Begin(MakeRequest(Method::kPut, body, true), "h", "/");
    const std::string bytes = Written(writer, part);
    const size_t head = bytes.find("\r\n\r\n") + 4;
    EXPECT_NE(bytes.find("\r\nContent-Length: 1000000\r\n"), std::string::npos);
    EXPECT_EQ(bytes.substr(head), body);
  }
}

TEST(RequestWriterTest, SaysLengthZeroWhereTheVerbMeansContent) {
  for (const Method method :
       {Method::kGet, Method::kDelete, Method::kPost, Method::kPut, Method::kPatch}) {
    RequestWriter writer;
    writer.Begin(MakeRequest(method, "not sent", false), "h", "/");
    const std::string bytes = Written(writer, 100);
    const bool means_content = method != Method::kGet && method != Method::kDelete;
    EXPECT_EQ(bytes.find("Content-Length: 0\r\n") != std::string::npos, means_content);
    EXPECT_EQ(bytes.find("not sent"), std::string::npos);
  }
}

TEST(RequestWriterTest, LetsTheRequestGoWhenAllOfItIsWritten) {
  std::shared_ptr<const Request> request = MakeRequest(Method::kPost, "secret", true);
  const std::weak_ptr<const Request> watch = request;
  RequestWriter writer;
  writer.Begin(std::move(request), "h", "/");
  writer.Advance(writer.Next().size() - 1);
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(writer.Next(), "t");
  writer.Advance(1);
  EXPECT_TRUE(writer.done());
  EXPECT_TRUE(watch.expired());
}

TEST(RequestWriterTest, NothingOfARequestIsLeftForTheNext) {
  RequestWriter writer;
  writer.Begin(MakeRequest(Method::kPost, "secret", true), "h", "/one");
  writer.Advance(10);
  writer.Clear();
  EXPECT_TRUE(writer.done());
  writer.Begin(std::make_shared<Request>(), "h", "/two");
  EXPECT_EQ(Written(writer, 1000), "GET /two HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
}

}  // namespace
}  // namespace gateway::http
