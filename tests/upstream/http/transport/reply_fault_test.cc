// Replies that are unusual, broken or too large.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

std::string Gzip(const std::string& plain) {
  z_stream stream{};
  constexpr int kGzipFormat = 15 + 16;
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, kGzipFormat, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = plain.size();
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Options SmallReplies() {
  Options options;
  options.max_header_bytes = 1000;
  options.max_body_bytes = 100'000;
  return options;
}

// Returns the result of a call whose reply ends with its connection.
std::string OutcomeOf(absl::string_view reply, const Options& options = SmallReplies()) {
  ScriptedServer server({{Step::Raw(reply, Step::End::kClose)}});
  auto transport = MakeTransport(server, options);
  std::string summary = Summary(Call(*transport, Post(server.Url("/"), "{}")));
  EXPECT_EQ(server.executions(), 1);
  return summary;
}

TEST(ReplyFaultTest, NotHttp) {
  EXPECT_EQ(OutcomeOf("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "broken, sent");
  EXPECT_EQ(OutcomeOf("{}"), "broken, sent");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 OK\r\n\r\n"), "broken, sent");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "broken, sent");
  EXPECT_EQ(OutcomeOf(absl::string_view("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 24)), "broken, sent");
}

TEST(ReplyFaultTest, CutShortWithinTheHead) {
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"), "broken, sent");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 103 Early Hints\r\n\r\n"), "broken, sent");
}

// After a complete head the status counts; only the body is lost.
TEST(ReplyFaultTest, CutShortWithinTheBody) {
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"), "200 (cut short)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            "422 (cut short)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
            "401 (cut short)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            "422 (cut short)");
}

TEST(ReplyFaultTest, TooManyHeaderBytes) {
  const std::string line = "X: " + std::string(95, 'x') + "\r\n";
  std::string reply = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 12; ++i) reply += line;
  EXPECT_EQ(OutcomeOf(reply + "\r\n"), "too_large, sent");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\nX: " + std::string(2'000'000, 'x') + "\r\n\r\n"),
            "too_large, sent");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\n" + line + "\r\n"), "200 ");
}

TEST(ReplyFaultTest, InformationalRepliesMayBeManyButNotWithoutEnd) {
  std::string reply;
  for (int i = 0; i < 100; ++i) reply += "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  EXPECT_EQ(OutcomeOf(reply + "HTTP/1.1 200 OK\r\n\r\n"), "200 ");
  std::string endless;
  for (int i = 0; i < 10; ++i) endless += reply;
  EXPECT_EQ(OutcomeOf(endless + "HTTP/1.1 200 OK\r\n\r\n"), "too_large, sent");
}

TEST(ReplyFaultTest, TooMuchBody) {
  const std::string body(100'001, 'x');
  EXPECT_EQ(OutcomeOf(Step::Reply(body).output), "200 (too large)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\n\r\n" + body), "200 (too large)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n" + body +
                      "\r\n0\r\n\r\n"),
            "200 (too large)");
  const std::string fits(100'000, 'x');
  EXPECT_EQ(OutcomeOf(Step::Reply(fits).output), "200 " + fits);
}

TEST(ReplyFaultTest, UnpacksGzipUpToTheLimit) {
  const std::string headers = "Content-Encoding: gzip\r\n";
  const std::string fits(100'000, 'x');
  EXPECT_EQ(OutcomeOf(Step::Reply(Gzip(fits), headers).output), "200 " + fits);
  const std::string bomb = Gzip(std::string(50'000'000, '\0'));
  ASSERT_LT(bomb.size(), 100'000);
  EXPECT_EQ(OutcomeOf(Step::Reply(bomb, headers).output), "200 (too large)");
}

TEST(ReplyFaultTest, GzipOfSeveralMembersIsOneBody) {
  EXPECT_EQ(
      OutcomeOf(Step::Reply(Gzip("one ") + Gzip("and two"), "Content-Encoding: gzip\r\n").output),
      "200 one and two");
}

TEST(ReplyFaultTest, AnEncodingThatIsWrongOrWasNotAskedForLosesTheBodyAlone) {
  const std::string packed = Gzip("hello");
  for (const absl::string_view headers : {"Content-Encoding: utf-8\r\n", "Content-Encoding: br\r\n",
                                          "Content-Encoding: gzip, gzip\r\n",
                                          "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"}) {
    EXPECT_EQ(OutcomeOf(Step::Reply(packed, headers).output), "200 (unreadable)") << headers;
  }
  const std::string gzip = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(OutcomeOf(Step::Reply("not gzip", gzip).output), "200 (unreadable)");
  EXPECT_EQ(OutcomeOf(Step::Reply(packed.substr(0, packed.size() - 4), gzip).output),
            "200 (unreadable)");
  EXPECT_EQ(OutcomeOf(Step::Reply(packed + "rest", gzip).output), "200 (unreadable)");
  EXPECT_EQ(OutcomeOf("HTTP/1.1 422 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            "422 (unreadable)");
  EXPECT_EQ(OutcomeOf(Step::Reply("hello", "Content-Encoding: identity\r\n").output), "200 hello");
}

TEST(ReplyFaultTest, ARedirectIsAReply) {
  ScriptedServer elsewhere({{Step::Reply("stolen")}});
  const std::string reply =
      "HTTP/1.1 302 Found\r\nLocation: " + elsewhere.Url("/") + "\r\nContent-Length: 0\r\n\r\n";
  ScriptedServer server({{Step::Raw(reply)}});
  auto transport = MakeTransport(server);
  const Awaited call = Call(*transport, Get(server.Url("/")));
  EXPECT_EQ(Summary(call), "302 ");
  EXPECT_EQ(call.GetResponse().Header("Location"), elsewhere.Url("/"));
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(ReplyFaultTest, SetsNoCookiesAndSendsNone) {
  ScriptedServer server({{Step::Reply("", "Set-Cookie: a=b; Path=/\r\n")}});
  auto transport = MakeTransport(server);
  Call(*transport, Get(server.Url("/")));
  Call(*transport, Get(server.Url("/")));
  ASSERT_EQ(server.executions(), 2);
  EXPECT_THAT(server.received().back().head, testing::Not(testing::HasSubstr("Cookie")));
}

TEST(ReplyFaultTest, InformationalRepliesAreNotTheReply) {
  EXPECT_EQ(OutcomeOf("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
                      "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"),
            "201 ok");
}

TEST(ReplyFaultTest, SlicesOfOneByteAreAReply) {
  Step step = Step::Reply("hello", "X-Name: value\r\n");
  step.slice = 1;
  ScriptedServer server({{step}});
  auto transport = MakeTransport(server);
  const Awaited call = Call(*transport, Get(server.Url("/")));
  EXPECT_EQ(Summary(call), "200 hello");
  EXPECT_EQ(call.GetResponse().Header("X-Name"), "value");
}

TEST(InvalidRequestTest, NothingIsSent) {
  ScriptedServer server({{Step::Reply("ok")}});
  auto transport = MakeTransport(server);
  Request header = Get(server.Url("/"));
  header.headers = {"X-Name: value\r\nX-Injected: 1"};
  EXPECT_EQ(Summary(Call(*transport, header)), "invalid, not sent");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/a b")))), "invalid, not sent");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("/ HTTP/1.1\r\nHost: x\r\n\r\n")))),
            "invalid, not sent");
  EXPECT_EQ(Summary(Call(*transport, Get("file:///etc/hostname"))), "invalid, not sent");
  EXPECT_EQ(Summary(Call(*transport, Get("http://127.0.0.1:99999/"))), "invalid, not sent");
  EXPECT_EQ(Summary(Call(*transport, Get(server.Url("") + "0/"))), "invalid, not sent");
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace gateway::http
