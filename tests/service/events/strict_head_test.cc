// Which heads of HTTP requests ReadStrictHead accepts, and which tricks it refuses.
#include "service/events/receiver/strict_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

std::string With(const std::string& fields) {
  return absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
}

std::string WhyRefused(const std::string& head) {
  const auto read = ReadStrictHead(head);
  return read.ok() ? "" : std::string(read.status().message());
}

TEST(StrictHeadTest, ReadsWhatIsThere) {
  const std::string text = With(
      "Content-Length: 12\r\nX-A:  b c \t\r\nExpect: 100-Continue\r\nConnection: x, Close\r\n");
  const auto head = ReadStrictHead(text);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->target, "/webhooks/paynow");
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_FALSE(head->chunked);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_TRUE(head->closes);
  ASSERT_EQ(head->fields.size(), 5u);
  EXPECT_EQ(head->fields[2].name, "X-A");
  EXPECT_EQ(head->fields[2].value, "b c");
}

TEST(StrictHeadTest, TakesChunks) {
  const std::string text = With("Transfer-Encoding: Chunked\r\n");
  const auto head = ReadStrictHead(text);
  ASSERT_TRUE(head.ok());
  EXPECT_TRUE(head->chunked);
  EXPECT_FALSE(head->content_length);
}

TEST(StrictHeadTest, KnowsEarlyWhatBecomesNoHead) {
  for (const char* good : {"", "POST / HTTP/1.1", "POST / HTTP/1.1\r", "A: b\r\nC"}) {
    EXPECT_TRUE(MayBecomeHead(good)) << good;
  }
  for (const absl::string_view bad :
       {absl::string_view("A: b\n"), absl::string_view("A: b\rc"), absl::string_view("\n"),
        absl::string_view("a\0", 2), absl::string_view("a\r\r\n")}) {
    EXPECT_FALSE(MayBecomeHead(bad)) << bad;
  }
}

struct Trick {
  const char* name;
  std::string head;
  const char* reason;
};

class TrickTest : public testing::TestWithParam<Trick> {};

TEST_P(TrickTest, IsRefused) { EXPECT_EQ(WhyRefused(GetParam().head), GetParam().reason); }

std::string Many(size_t count) {
  std::string fields;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&fields, "A: b\r\n");
  return fields;
}

INSTANTIATE_TEST_SUITE_P(
    Tricks, TrickTest,
    testing::Values(
        Trick{"BothLengths", With("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
              "there are two lengths"},
        Trick{"TwoLengths", With("Content-Length: 1\r\nContent-Length: 1\r\n"),
              "there are two lengths"},
        Trick{"TwoEncodings", With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
              "there are two lengths"},
        Trick{"ListedLengths", With("Content-Length: 1, 1\r\n"), "the length is no number"},
        Trick{"SignedLength", With("Content-Length: +1\r\n"), "the length is no number"},
        Trick{"EmptyLength", With("Content-Length:\r\n"), "the length is no number"},
        Trick{"HugeLength", With("Content-Length: 99999999999999999999\r\n"),
              "the length is no number"},
        Trick{"OtherEncoding", With("Transfer-Encoding: gzip, chunked\r\n"),
              "the encoding is not chunked"},
        Trick{"HiddenEncoding", With("Transfer-Encoding: xchunked\r\n"),
              "the encoding is not chunked"},
        Trick{"SpaceBeforeColon", With("Content-Length : 1\r\n"), "a field's name is no token"},
        Trick{"Folded", With("A: b\r\n c\r\n"), "a field is folded"},
        Trick{"FoldedByTab", With("A: b\r\n\tc\r\n"), "a field is folded"},
        Trick{"BareLf", With("A: b\nContent-Length: 1\r\n"),
              "a line has a bare line end, or a NUL"},
        Trick{"BareCr", With("A: b\rC: d\r\n"), "a line has a bare line end, or a NUL"},
        Trick{"Nul", With(std::string("A: b\0c\r\n", 8)), "a line has a bare line end, or a NUL"},
        Trick{"Control", With("A: b\x01\r\n"), "a field's value has a control byte"},
        Trick{"NoColon", With("A\r\n"), "a field has no colon"},
        Trick{"NoName", With(": a\r\n"), "a field's name is no token"},
        Trick{"TwoHosts", With("Host: b\r\n"), "there is not one Host"},
        Trick{"NoHost", "POST / HTTP/1.1\r\n\r\n", "there is not one Host"},
        Trick{"TooMany", With(Many(kMostFields)), "there are too many fields"},
        Trick{"TwoSpaces", "POST  / HTTP/1.1\r\nHost: a\r\n\r\n",
              "the request line has not three words"},
        Trick{"OldVersion", "POST / HTTP/1.0\r\nHost: a\r\n\r\n", "the version is not HTTP/1.1"},
        Trick{"SmallVersion", "POST / http/1.1\r\nHost: a\r\n\r\n", "the version is not HTTP/1.1"},
        Trick{"AbsoluteTarget", "POST http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
              "the target is no path"},
        Trick{"ControlInTarget", "POST /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "the target is no path"},
        Trick{"NoEnd", "POST / HTTP/1.1\r\nHost: a\r\n", "the head has no end"},
        Trick{"LeadingEmptyLine", "\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n", "a line is empty"},
        Trick{"Expectation", With("Expect: something\r\n"), "the expectation is not 100-continue"}),
    [](const auto& trick) { return trick.param.name; });

}  // namespace
}  // namespace gateway::events
