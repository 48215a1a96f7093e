#include "upstream/mapping/swar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "upstream/mapping/json_text.h"

namespace gateway::mapping {
namespace {

constexpr size_t kLongest = 40;
constexpr int kTextsOfEach = 300;

// Visits texts of every length, made of bytes around the bounds that are searched for.
template <typename Visit>
void ForEachText(Visit visit) {
  constexpr absl::string_view kBytes("\x00\x01\x1f\x20\x21\"#/019:[\\]a\x7f\x80\x81\xff", 20);
  std::mt19937 random(20261120);
  for (size_t size = 0; size <= kLongest; ++size) {
    for (int i = 0; i < kTextsOfEach; ++i) {
      // Mostly a single byte value, so that about half of the texts are valid.
      const char usual = kBytes[random() % kBytes.size()];
      std::string text(size, usual);
      for (unsigned changes = random() % 3; changes > 0 && size > 0; --changes) {
        text[random() % size] = kBytes[random() % kBytes.size()];
      }
      visit(text);
    }
  }
}

TEST(Swar, FindsDigitsAsALoopDoes) {
  ForEachText([](const std::string& text) {
    EXPECT_EQ(swar::IsDigits(text),
              !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit))
        << testing::PrintToString(text);
  });
}

TEST(Swar, FindsAsciiAsALoopDoes) {
  ForEachText([](const std::string& text) {
    EXPECT_EQ(swar::IsAscii(text), std::all_of(text.begin(), text.end(), absl::ascii_isascii))
        << testing::PrintToString(text);
  });
}

TEST(Swar, FindsWhatJsonEscapesAsALoopDoes) {
  ForEachText([](const std::string& text) {
    const auto escaped = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
    };
    const auto first = std::find_if(text.begin(), text.end(), escaped);
    EXPECT_EQ(FindToEscape(text), static_cast<size_t>(first - text.begin()))
        << testing::PrintToString(text);
  });
}

TEST(Swar, FindsInATextThatGoesOnNothingBeyondIt) {
  ForEachText([](const std::string& text) {
    const std::string padded = text + "\\\\\\\\\\\\\\\\";
    const size_t found = swar::FindPadded(absl::string_view(padded).substr(0, text.size()),
                                          [](uint64_t word) { return swar::Equal(word, '\\'); });
    EXPECT_EQ(found, std::min(text.find('\\'), text.size())) << testing::PrintToString(text);
  });
}

// The vector has exactly these bytes, so that a sanitizer detects a read beyond them.
TEST(Swar, LoadsNoMoreThanThereIs) {
  for (size_t size = 0; size <= 8; ++size) {
    const std::vector<char> bytes(size, 'a');
    uint64_t expected = 0;
    for (size_t i = 0; i < size; ++i) expected |= uint64_t{'a'} << (8 * i);
    EXPECT_EQ(swar::LoadUpTo8(bytes.data(), size), expected) << size;
  }
}

}  // namespace
}  // namespace gateway::mapping
