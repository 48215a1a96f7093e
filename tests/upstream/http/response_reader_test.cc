// Framing of replies (RFC 9112). Every case is read in one piece, in slices of every small size,
// and byte by byte, and must give the same result.
#include "upstream/http/response_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace gateway::http {
namespace {

using State = ResponseReader::State;

constexpr size_t kMaxHeaders = 1000;
constexpr size_t kMaxBody = 100;

// Returns the result: "200 body, keeps, rest 3", "200 body", "reading", "broken". If the connection
// is not kept, unused bytes do not matter.
std::string Describe(ResponseReader& reader, size_t unused) {
  switch (reader.state()) {
    case State::kReading:
      return reader.has_head() ? "reading the body" : "reading the head";
    case State::kBroken:
      return "broken";
    case State::kTooLarge:
      return "too large";
    case State::kComplete:
      break;
  }
  const bool keeps = reader.keeps_connection();
  const Response response = reader.Take();
  constexpr absl::string_view kStates[] = {"", "(cut short)", "(unreadable)", "(too large)"};
  EXPECT_GE(response.body.capacity(),
            response.body_state == Body::kWhole ? response.body.size() + kBodyPadding : 0);
  return absl::StrCat(response.status, " ", response.body,
                      kStates[static_cast<int>(response.body_state)], keeps ? ", keeps" : "",
                      keeps && unused > 0 ? absl::StrCat(", rest ", unused) : "");
}

enum class End { kNone, kGood, kBad };

std::string ReadInSlices(absl::string_view bytes, End end, size_t slice) {
  ResponseReader reader(kMaxHeaders, kMaxBody);
  while (!bytes.empty() && reader.state() == State::kReading) {
    const absl::string_view part = bytes.substr(0, slice);
    // A copy, so that sanitizers detect a reader that accesses bytes after it returned.
    const std::string copy(part);
    const size_t used = reader.Feed(copy);
    if (reader.state() == State::kReading) {
      EXPECT_EQ(used, part.size());
    }
    EXPECT_LE(used, part.size());
    bytes.remove_prefix(std::min(used, part.size()));
  }
  if (end != End::kNone) reader.End(end == End::kGood);
  return Describe(reader, bytes.size());
}

std::string Read(absl::string_view bytes, End end = End::kNone) {
  const std::string whole = ReadInSlices(bytes, end, std::string::npos);
  for (size_t slice = 1; slice < std::min<size_t>(bytes.size(), 40); ++slice) {
    EXPECT_EQ(ReadInSlices(bytes, end, slice), whole) << "in slices of " << slice;
  }
  return whole;
}

TEST(ResponseReaderTest, ALengthDelimitsTheBody) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "200 ok, keeps");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "200 , keeps");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"), "reading the body");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP"), "200 ok, keeps, rest 4");
}

TEST(ResponseReaderTest, ChunksWithExtensionsAndTrailers) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "2;a=b;c=\"d\"\r\nok\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"),
            "200 ok0123456789, keeps");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\nrest"),
            "200 , keeps, rest 4");
}

TEST(ResponseReaderTest, ATrailerIsNoHeader) {
  ResponseReader reader(kMaxHeaders, kMaxBody);
  reader.Feed("HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: c\r\n\r\n");
  ASSERT_EQ(reader.state(), State::kComplete);
  EXPECT_EQ(reader.Take().headers, "A: b\r\nTransfer-Encoding: chunked\r\n");
}

TEST(ResponseReaderTest, BadChunksLoseTheBodyAlone) {
  const std::string head = "HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* chunks : {"xyz\r\n", "-1\r\nx\r\n", "2\r\nokk\r\n0\r\n\r\n", "2\nok\n0\n\n",
                             "10000000000000002\r\nok\r\n0\r\n\r\n", " 2\r\nok\r\n0\r\n\r\n"}) {
    EXPECT_EQ(ReadInSlices(head + chunks, End::kBad, std::string::npos).substr(0, 15),
              "422 (cut short)")
        << chunks;
  }
}

TEST(ResponseReaderTest, NoLengthMeansUntilTheEnd) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nok"), "reading the body");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nok", End::kGood), "200 ok");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\n", End::kGood), "200 ");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nok", End::kBad), "200 (cut short)");
}

TEST(ResponseReaderTest, SomeStatusesHaveNoBodyWhateverTheyAnnounce) {
  EXPECT_EQ(Read("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"), "204 , keeps, rest 2");
  EXPECT_EQ(Read("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"), "304 , keeps");
  EXPECT_EQ(Read("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"), "205 , keeps");
}

TEST(ResponseReaderTest, InterimRepliesAreSkipped) {
  EXPECT_EQ(Read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Encoding: br\r\n"
                 "\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"),
            "201 ok, keeps");
  EXPECT_EQ(Read("HTTP/1.1 103 Early Hints\r\n\r\n"), "reading the head");
  EXPECT_EQ(Read("HTTP/1.1 103 Early Hints\r\n\r\n", End::kGood), "broken");
}

TEST(ResponseReaderTest, NobodyAskedToSwitchProtocols) {
  EXPECT_EQ(Read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            "broken");
}

// If a reply has two lengths, two readers may disagree on its end (RFC 9112, 6.3 and 11.2).
TEST(ResponseReaderTest, RefusesTwoLengthsThatDiffer) {
  const std::string status = "HTTP/1.1 200 OK\r\n";
  const std::string length = "Content-Length: 2\r\n";
  const std::string chunked = "transfer-encoding: chunked\r\n";
  EXPECT_EQ(Read(status + length + "content-length: 3\r\n\r\n"), "broken");
  EXPECT_EQ(Read(status + "Content-Length: 2, 3\r\n\r\n"), "broken");
  EXPECT_EQ(Read(status + length + chunked + "\r\n"), "broken");
  EXPECT_EQ(Read(status + chunked + length + "\r\n"), "broken");
  EXPECT_EQ(Read(status + "Transfer-Encoding: gzip\r\n" + length + "\r\n"), "broken");
  EXPECT_EQ(Read(status + length + length + "\r\nok"), "200 ok, keeps");
  for (const char* bad : {"-1", "+2", "0x2", "2 2", "", "99999999999999999999999"}) {
    EXPECT_EQ(Read(absl::StrCat(status, "Content-Length: ", bad, "\r\n\r\nok")), "broken") << bad;
  }
}

TEST(ResponseReaderTest, AFoldedHeaderIsOne) {
  ResponseReader reader(kMaxHeaders, kMaxBody);
  reader.Feed("HTTP/1.1 204 OK\r\nA: b\r\n \t c\r\nD: e\r\n\r\n");
  ASSERT_EQ(reader.state(), State::kComplete);
  EXPECT_EQ(reader.Take().headers, "A: b c\r\nD: e\r\n");
}

TEST(ResponseReaderTest, TheReasonMayBeLeftOutWithItsSpace) {
  EXPECT_EQ(Read("HTTP/1.1 204 \r\n\r\n"), "204 , keeps");
  EXPECT_EQ(Read("HTTP/1.1 204\r\n\r\n"), "204 , keeps");
  EXPECT_EQ(Read("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nokHTTP"), "200 ok, keeps, rest 4");
  EXPECT_EQ(Read("HTTP/1.1 20\r\n\r\n"), "broken");
  EXPECT_EQ(Read("HTTP/1.1204\r\n\r\n"), "broken");
}

TEST(ResponseReaderTest, RefusesWhatIsNoHttp) {
  for (const char* bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "{}\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 099 Odd\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nA: b\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_EQ(Read(bytes), "broken") << bytes;
  }
  EXPECT_EQ(Read(absl::string_view("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25)), "broken");
}

TEST(ResponseReaderTest, ToldToCloseItDoesNotKeepTheConnection) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), "200 ok");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok"),
            "200 ok");
  EXPECT_EQ(Read("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), "200 ok");
  EXPECT_EQ(Read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
            "200 ok");
}

TEST(ResponseReaderTest, ReadsHowLongTheConnectionIsKept) {
  const auto keep_alive = [](absl::string_view header) {
    ResponseReader reader(kMaxHeaders, kMaxBody);
    reader.Feed(absl::StrCat("HTTP/1.1 204 OK\r\n", header, "\r\n"));
    EXPECT_EQ(reader.state(), State::kComplete);
    return reader.keep_alive();
  };
  EXPECT_EQ(keep_alive("Keep-Alive: timeout=5, max=100\r\n"), absl::Seconds(5));
  EXPECT_EQ(keep_alive("Keep-Alive: max=1, Timeout = 7\r\n"), absl::Seconds(7));
  EXPECT_EQ(keep_alive("Keep-Alive: timeout=x\r\n"), std::nullopt);
  EXPECT_EQ(keep_alive("Keep-Alive: timeout\r\n"), std::nullopt);
  EXPECT_EQ(keep_alive(""), std::nullopt);
}

TEST(ResponseReaderTest, LimitsHeads) {
  const std::string long_line = absl::StrCat("A: ", std::string(kMaxHeaders, 'x'), "\r\n");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n" + long_line + "\r\n"), "too large");
  EXPECT_EQ(Read(std::string(2 * kMaxHeaders, 'H')), "broken");
}

TEST(ResponseReaderTest, LimitsHeadsToTheByte) {
  const std::string line = "HTTP/1.1 204 OK\r\nA: ";
  const std::string fits(kMaxHeaders - line.size() - 4, 'x');
  EXPECT_EQ(Read(line + fits + "\r\n\r\n"), "204 , keeps");
  EXPECT_EQ(Read(line + fits + "x\r\n\r\n"), "too large");
}

// One line at a time, so that no slice ends within a line.
TEST(ResponseReaderTest, LimitsHeadsThatComeLineByLine) {
  ResponseReader reader(kMaxHeaders, kMaxBody);
  reader.Feed("HTTP/1.1 200 OK\r\n");
  size_t lines = 0;
  for (; reader.state() == State::kReading && lines < kMaxHeaders; ++lines) reader.Feed("A: b\r\n");
  EXPECT_EQ(reader.state(), State::kTooLarge);
  EXPECT_LE(lines, kMaxHeaders / 6);
}

// These limits apply after a complete head, so the status is kept.
TEST(ResponseReaderTest, LimitsChunksLinesAndTrailers) {
  const std::string head = "HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string long_line = absl::StrCat("A: ", std::string(kMaxHeaders / 2, 'x'), "\r\n");
  const std::string extension(kMaxHeaders, 'x');
  for (const std::string& chunks :
       {absl::StrCat("1;", extension), absl::StrCat("1;", extension, "\r\na\r\n0\r\n\r\n"),
        absl::StrCat("1\r\na\r\n0\r\n", long_line, long_line, "\r\n")}) {
    EXPECT_EQ(Read(head + chunks), "422 (cut short)") << chunks;
  }
}

// Beast's own container of fields throws from 64 KB on. The reader does not use it.
TEST(ResponseReaderTest, LongFieldsAndTrailersWithinARaisedLimit) {
  const std::string long_text(70'000, 'x');
  const std::string field = absl::StrCat("A: ", long_text, "\r\n");
  const std::string chunked = "HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n";
  for (const std::string& reply :
       {absl::StrCat(chunked, field, "\r\n2\r\nok\r\n0\r\n\r\n"),
        absl::StrCat(chunked, "\r\n2\r\nok\r\n0\r\n", field, "\r\n"),
        absl::StrCat(chunked, "\r\n2;", long_text, "\r\nok\r\n0\r\n\r\n")}) {
    ResponseReader reader(size_t{1} << 20, kMaxBody);
    EXPECT_EQ(reader.Feed(reply), reply.size());
    EXPECT_EQ(Describe(reader, 0), "201 ok, keeps");
  }
  ResponseReader reader(size_t{1} << 20, kMaxBody);
  const std::string endless = absl::StrCat(chunked, "\r\n1;", std::string(2 << 20, 'x'));
  for (size_t at = 0; at < endless.size(); at += size_t{64} * 1024) {
    if (reader.state() == State::kReading) reader.Feed(endless.substr(at, size_t{64} * 1024));
  }
  EXPECT_EQ(Describe(reader, 0), "201 (cut short)");
}

TEST(ResponseReaderTest, LimitsTheBodyToTheByte) {
  const std::string fits(kMaxBody, 'x');
  EXPECT_EQ(Read(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", kMaxBody, "\r\n\r\n", fits)),
            "200 " + fits + ", keeps");
  EXPECT_EQ(ReadInSlices(absl::StrCat("HTTP/1.1 200 OK\r\n\r\n", fits, "x"), End::kNone, 1),
            "200 (too large)");
}

// The length was right, but the content does not match its Content-Encoding.
TEST(ResponseReaderTest, KeepsNoConnectionOfABodyThatCannotBeRead) {
  EXPECT_EQ(Read("HTTP/1.1 422 No\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
            "422 (unreadable)");
}

// More data than the limit allows, then bytes that are not valid gzip. The result must not depend
// on the slices.
TEST(ResponseReaderTest, ABodyIsTooLargeBeforeItIsUnreadable) {
  // A stored block of kMaxBody + 1 bytes, and one of a type that does not exist.
  const std::string body =
      absl::StrCat(absl::string_view("\x1f\x8b\x08\0\0\0\0\0\0\xff\0\x65\0\x9a\xff", 15),
                   std::string(kMaxBody + 1, 'x'), "\xff\xff");
  EXPECT_EQ(Read(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ",
                              body.size(), "\r\n\r\n", body)),
            "200 (too large)");
}

TEST(ResponseReaderTest, TrustsAnAnnouncedLengthOnlySoFar) {
  ResponseReader reader(kMaxHeaders, size_t{1} << 40);
  reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nx");
  ASSERT_TRUE(reader.has_head());
  reader.End(true);
  EXPECT_LT(reader.Take().body.capacity(), size_t{2} << 20);
}

TEST(ResponseReaderTest, BeginsAnewAfterWhatever) {
  ResponseReader reader(kMaxHeaders, kMaxBody);
  for (const char* before :
       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nKeep-Alive: timeout=1\r\n"
        "Content-Length: 9\r\n\r\n1",
        "HTTP/1.1 200 O", "nonsense"}) {
    reader.Feed(before);
    reader.Begin();
    EXPECT_FALSE(reader.has_head());
    const std::string next = "HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nok";
    EXPECT_EQ(reader.Feed(next), next.size());
    EXPECT_EQ(reader.keep_alive(), std::nullopt);
    EXPECT_EQ(Describe(reader, 0), "201 ok, keeps");
    reader.Begin();
  }
}

}  // namespace
}  // namespace gateway::http
