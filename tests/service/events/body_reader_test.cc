// Bodies, byte by byte and in one piece: the result must not depend on how they come.
#include "service/events/receiver/body_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

using State = BodyReader::State;

constexpr size_t kMost = 20;

// "whole <body>, rest 3", "reading", "malformed", "too large".
std::string Describe(const BodyReader& reader, size_t rest) {
  switch (reader.state()) {
    case State::kReading:
      return "reading";
    case State::kMalformed:
      return "malformed";
    case State::kTooLarge:
      return "too large";
    case State::kWhole:
      break;
  }
  return absl::StrCat("whole ", reader.body(), rest > 0 ? absl::StrCat(", rest ", rest) : "");
}

std::string ReadInSlices(BodyReader::Framing framing, absl::string_view bytes, size_t slice) {
  BodyReader reader(framing, kMost);
  while (!bytes.empty() && reader.state() == State::kReading) {
    const absl::string_view part = bytes.substr(0, slice);
    const size_t used = reader.Feed(part);
    if (reader.state() == State::kReading) {
      EXPECT_EQ(used, part.size());
    }
    bytes.remove_prefix(used);
  }
  return Describe(reader, bytes.size());
}

std::string Read(BodyReader::Framing framing, absl::string_view bytes) {
  const std::string whole = ReadInSlices(framing, bytes, std::string::npos);
  for (size_t slice = 1; slice < std::min<size_t>(bytes.size(), 20); ++slice) {
    EXPECT_EQ(ReadInSlices(framing, bytes, slice), whole) << "in slices of " << slice;
  }
  return whole;
}

std::string Chunked(absl::string_view bytes) { return Read({.chunked = true}, bytes); }

TEST(BodyReaderTest, ALengthDelimitsIt) {
  EXPECT_EQ(Read({.length = 0}, "POST"), "whole , rest 4");
  EXPECT_EQ(Read({.length = 3}, "abc"), "whole abc");
  EXPECT_EQ(Read({.length = 3}, "abcPOST"), "whole abc, rest 4");
  EXPECT_EQ(Read({.length = 3}, "ab"), "reading");
  EXPECT_EQ(Read({.length = kMost}, std::string(kMost, 'x')), "whole " + std::string(kMost, 'x'));
  EXPECT_EQ(Read({.length = kMost + 1}, ""), "too large");
}

TEST(BodyReaderTest, Chunks) {
  EXPECT_EQ(Chunked("0\r\n\r\n"), "whole ");
  EXPECT_EQ(Chunked("3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\nPOST"),
            "whole abc0123456789, rest 4");
  EXPECT_EQ(Chunked("a\r\n0123456789\r\n"), "reading");
  EXPECT_EQ(Chunked("3\r\n\r\n\r\r\n0\r\n\r\n"), "whole \r\n\r");
}

TEST(BodyReaderTest, ExtensionsAndTrailersAreDropped) {
  EXPECT_EQ(Chunked("2;a=b;c=\"d\"\r\nok\r\n0;e\r\nX-Sum: 1\r\nY: \xe2\x82\xac\r\n\r\n"),
            "whole ok");
}

TEST(BodyReaderTest, AnythingElseIsMalformed) {
  for (const char* bytes : {"\r\n",
                            "x\r\n",
                            "-1\r\n",
                            "+1\r\n",
                            " 1\r\n",
                            "1 \r\n",
                            "0x1\r\n",
                            ";a\r\n",
                            "1\n",
                            "1\rx",
                            "1;a\n",
                            "1;\x01",
                            "1\r\nab",
                            "1\r\na\n",
                            "1\r\na\rx",
                            "0\r\n folded\r\n\r\n",
                            "0\r\nA: b\n",
                            "0\r\nA: \x7f\r\n\r\n",
                            "0\r\nA: b\rx",
                            "0\r\n\rx",
                            "10000000000000000\r\n",
                            "00000000000000000\r\n"}) {
    EXPECT_EQ(Chunked(bytes), "malformed") << bytes;
  }
}

TEST(BodyReaderTest, TheBodyIsLimitedToTheByte) {
  EXPECT_EQ(Chunked(absl::StrCat("13\r\n", std::string(19, 'x'), "\r\n1\r\nx\r\n0\r\n\r\n")),
            "whole " + std::string(kMost, 'x'));
  EXPECT_EQ(Chunked(absl::StrCat("13\r\n", std::string(19, 'x'), "\r\n2\r\n")), "too large");
  EXPECT_EQ(Chunked("ffffffffffffffff\r\n"), "too large");
  EXPECT_EQ(Chunked("8000000000000000\r\n"), "too large");
}

TEST(BodyReaderTest, WhatIsDroppedIsLimitedToTheByte) {
  const std::string half(BodyReader::kMostDropped / 2, 'x');
  const auto body = [&](const std::string& more) {
    return absl::StrCat("1", ";", half.substr(1), "\r\na\r\n0\r\n", half, more, "\r\n\r\n");
  };
  EXPECT_EQ(Chunked(body("")), "whole a");
  EXPECT_EQ(Chunked(body("x")), "malformed");
}

// The reader keeps nothing of what it drops, so a line without an end is not waited for.
TEST(BodyReaderTest, ALineWithoutAnEndIsRefusedAtOnce) {
  EXPECT_EQ(Chunked("1;" + std::string(BodyReader::kMostDropped, 'a')), "malformed");
  EXPECT_EQ(Chunked("0\r\n" + std::string(BodyReader::kMostDropped + 1, 'a')), "malformed");
}

}  // namespace
}  // namespace gateway::events
