#include "upstream/mapping/byte_sink.h"

#include <gtest/gtest.h>

#include <string>

namespace gateway::mapping {
namespace {

TEST(ByteSink, AppendsToWhatIsThere) {
  std::string text = "before";
  {
    ByteSink sink(text);
    EXPECT_EQ(sink.size(), 6);
    EXPECT_EQ(sink.back(), 'e');
    sink.push_back(' ');
    sink.append("and after");
    sink.append(absl::string_view());
  }
  EXPECT_EQ(text, "before and after");
}

TEST(ByteSink, LeavesAStringThatNothingIsAppendedTo) {
  std::string text = "as it was";
  { const ByteSink sink(text); }
  EXPECT_EQ(text, "as it was");
}

TEST(ByteSink, TakesAnyNumberOfBytes) {
  std::string text;
  std::string expected;
  {
    ByteSink sink(text);
    for (size_t size = 0; size < 3000; size += 7) {
      const std::string part(size, static_cast<char>('a' + size % 26));
      sink.append(part);
      sink.push_back('|');
      expected += part + '|';
      ASSERT_EQ(sink.size(), expected.size());
    }
  }
  EXPECT_EQ(text, expected);
}

TEST(ByteSink, InsertsAndChangesWhatWasWritten) {
  std::string text;
  {
    ByteSink sink(text);
    sink.append("acd");
    sink.insert(1, "bb", 2);
    sink.insert(5, "e", 1);
    sink.insert(0, std::string(10000, 'x').data(), 10000);
    sink[10000] = 'A';
  }
  EXPECT_EQ(text, std::string(10000, 'x') + "Abbcde");
}

TEST(ByteSink, GivesRoomForMoreThanIsUsed) {
  std::string text;
  {
    ByteSink sink(text);
    char* const room = sink.Room(100);
    room[0] = 'y';
    sink.Advance(room + 1);
  }
  EXPECT_EQ(text, "y");
}

}  // namespace
}  // namespace gateway::mapping
