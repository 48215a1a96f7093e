#include "upstream/http/reply.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway::http {
namespace {

Reply WithLines(std::initializer_list<const char*> lines) {
  Reply reply(1000, 1000);
  for (const char* line : lines) reply.AppendHeaderLine(line);
  return reply;
}

TEST(ReplyTest, KeepsHeadersAsReceived) {
  Reply reply = WithLines({"HTTP/1.1 404 Not Found\r\n", "A: b\r\n", "a: c\r\n", "\r\n"});
  EXPECT_TRUE(reply.has_head());
  const Response response = reply.Take();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers, "A: b\r\na: c\r\n");
  EXPECT_GE(response.body.capacity(), kBodyPadding);
}

TEST(ReplyTest, ReadsTheStatusLineOfHttp2) {
  EXPECT_EQ(WithLines({"HTTP/2 201 \r\n", "\r\n"}).Take().status, 201);
}

TEST(ReplyTest, GivesEveryLineTheSameEnd) {
  EXPECT_EQ(WithLines({"HTTP/1.1 200 OK\n", "A: b\n", "\n"}).Take().headers, "A: b\r\n");
}

TEST(ReplyTest, JoinsFoldedLines) {
  EXPECT_EQ(WithLines({"HTTP/1.1 200 OK\r\n", "A: b\r\n", " \t c\r\n", "\r\n"}).Take().headers,
            "A: b c\r\n");
  EXPECT_EQ(WithLines({"HTTP/1.1 200 OK\r\n", " c\r\n"}).failure(), Error::Kind::kBroken);
}

TEST(ReplyTest, DropsInformationalReplies) {
  Reply reply = WithLines({"HTTP/1.1 103 Early Hints\r\n", "A: b\r\n", "\r\n"});
  EXPECT_FALSE(reply.has_head());
  for (const char* line : {"HTTP/1.1 200 OK\r\n", "C: d\r\n", "\r\n"}) {
    EXPECT_TRUE(reply.AppendHeaderLine(line));
  }
  EXPECT_TRUE(reply.has_head());
  const Response response = reply.Take();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers, "C: d\r\n");
}

TEST(ReplyTest, IgnoresTrailers) {
  Reply reply = WithLines({"HTTP/1.1 200 OK\r\n", "\r\n", "HTTP/1.1 500 Sorry\r\n", "A: b\r\n"});
  const Response response = reply.Take();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers, "");
}

// What two lengths delimit, two readers may read differently (RFC 9112, 6.3 and 11.2).
TEST(ReplyTest, RefusesALengthThatIsSaidTwice) {
  const char* const status = "HTTP/1.1 200 OK\r\n";
  const char* const length = "Content-Length: 2\r\n";
  const char* const chunked = "transfer-encoding: chunked\r\n";
  EXPECT_EQ(WithLines({status, length, "content-length: 3\r\n"}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({status, length, length}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({status, length, chunked}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({status, chunked, length}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({status, length, "Content-Length-X: 3\r\n"}).failure(), std::nullopt);
}

TEST(ReplyTest, RefusesWhatIsNotAHeader) {
  EXPECT_EQ(WithLines({"HTTP/1.1 200 OK\r\n", "nonsense\r\n"}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({"HTTP/1.1\r\n"}).failure(), Error::Kind::kBroken);
  EXPECT_EQ(WithLines({"HTTP/1.1 OK\r\n"}).failure(), Error::Kind::kBroken);
}

TEST(ReplyTest, LimitsHeadersToTheByte) {
  const std::string status = "HTTP/1.1 200 OK\r\n";
  Reply fits(status.size() + 6, 0);
  EXPECT_TRUE(fits.AppendHeaderLine(status));
  EXPECT_TRUE(fits.AppendHeaderLine("A: b\r\n"));
  EXPECT_FALSE(fits.AppendHeaderLine("\r\n"));
  EXPECT_EQ(fits.failure(), Error::Kind::kTooLarge);
}

TEST(ReplyTest, LimitsTheBodyToTheByte) {
  Reply reply(1000, 10);
  EXPECT_TRUE(reply.AppendBody("12345", -1));
  EXPECT_TRUE(reply.AppendBody("67890", -1));
  EXPECT_FALSE(reply.AppendBody("1", -1));
  EXPECT_EQ(reply.failure(), Error::Kind::kTooLarge);
}

TEST(ReplyTest, PadsTheBodyWhateverItsParts) {
  for (size_t part : {1, 15, 16, 63, 64, 65, 1000}) {
    Reply reply(1000, 1000);
    for (size_t size = 0; size + part <= 1000; size += part) {
      EXPECT_TRUE(reply.AppendBody(std::string(part, 'x'), -1));
    }
    const Response response = reply.Take();
    EXPECT_GE(response.body.capacity(), response.body.size() + kBodyPadding) << part;
  }
}

TEST(ReplyTest, TrustsAnAnnouncedLengthOnlySoFar) {
  constexpr size_t kHuge = size_t{1} << 40;
  Reply reply(1000, kHuge);
  EXPECT_TRUE(reply.AppendBody("x", kHuge));
  EXPECT_LT(reply.Take().body.capacity(), size_t{2} << 20);
}

}  // namespace
}  // namespace gateway::http
