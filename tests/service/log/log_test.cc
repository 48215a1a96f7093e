#include "service/log/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/service/captured_stderr.h"

namespace gateway {
namespace {

using nlohmann::json;

// Returns the only line that this call logs.
json Logged(Severity severity, absl::string_view event,
            std::initializer_list<LogField> fields = {}) {
  CapturedStderr captured;
  Log(severity, event, fields);
  EXPECT_EQ(captured.Lines().size(), 1u);
  return captured.Lines().empty() ? json() : json::parse(captured.Lines().front());
}

TEST(LogTest, WritesOneObjectPerLine) {
  CapturedStderr captured;
  Log(Severity::kInfo, "first", {{"text", "a"}, {"number", int64_t{-7}}});
  Log(Severity::kWarning, "second");
  Log(Severity::kError, "third");
  const std::vector<std::string> lines = captured.Lines();
  ASSERT_EQ(lines.size(), 3u);
  json first = json::parse(lines[0]);
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, first["time"].get<std::string>(), &time, &error));
  EXPECT_LT(absl::AbsDuration(absl::Now() - time), absl::Minutes(1));
  first.erase("time");
  EXPECT_EQ(first,
            json::parse(R"({"severity": "info", "event": "first", "text": "a", "number": -7})"));
  EXPECT_EQ(json::parse(lines[1])["severity"], "warning");
  EXPECT_EQ(json::parse(lines[2])["severity"], "error");
}

// Makes standard error a pipe that is read only when the test asks for it.
class UnreadStderr {
 public:
  UnreadStderr() : saved_(dup(STDERR_FILENO)) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    reader_ = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    fcntl(reader_, F_SETFL, O_NONBLOCK);
  }
  ~UnreadStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(reader_);
  }
  UnreadStderr(const UnreadStderr&) = delete;
  UnreadStderr& operator=(const UnreadStderr&) = delete;

  std::vector<std::string> ReadLines() const {
    std::string all;
    char chunk[4096];
    for (ssize_t got; (got = read(reader_, chunk, sizeof(chunk))) > 0;) {
      all.append(chunk, static_cast<size_t>(got));
    }
    return absl::StrSplit(all, '\n', absl::SkipEmpty());
  }

 private:
  const int saved_;
  int reader_ = -1;
};

TEST(LogTest, LosesLinesRatherThanWaitForTheirReader) {
  constexpr int kThreads = 4;
  constexpr int kLines = 2000;  // more than the pipe holds
  const UnreadStderr pipe;
  const uint64_t lost_before = LostLogLines();
  const absl::Time began = absl::Now();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < kLines; ++j) Log(Severity::kError, "x", {{"text", "some words"}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
  const std::vector<std::string> read = pipe.ReadLines();
  EXPECT_GT(read.size(), 100u);
  for (const std::string& line : read) EXPECT_TRUE(json::accept(line)) << line;
  EXPECT_EQ(LostLogLines() - lost_before + read.size(), uint64_t{kThreads} * kLines);

  Log(Severity::kError, "there is room again");
  EXPECT_EQ(pipe.ReadLines().size(), 1u);
}

TEST(LogTest, NamesTheCallThatALineBelongsTo) {
  CapturedStderr captured;
  Log(Severity::kInfo, "x", LogIds{"t", "s", "r\n"}, {{"text", "a"}});
  Log(Severity::kInfo, "x", LogIds{"", "", "r"}, {});
  json line = json::parse(captured.Lines().at(0));
  line.erase("time");
  EXPECT_EQ(line, json::parse(R"({"severity": "info", "event": "x", "text": "a",
                                  "trace_id": "t", "span_id": "s", "request_id": "r\n"})"));
  EXPECT_EQ(json::parse(captured.Lines().at(1)).size(), 4u);
}

TEST(LogTest, LeavesOutLinesBelowTheLevel) {
  CapturedStderr captured;
  SetLogLevel(Severity::kWarning);
  EXPECT_FALSE(IsLogged(Severity::kInfo));
  EXPECT_TRUE(IsLogged(Severity::kError));
  Log(Severity::kInfo, "a");
  Log(Severity::kWarning, "b");
  SetLogLevel(Severity::kError);
  Log(Severity::kWarning, "c");
  Log(Severity::kError, "d");
  SetLogLevel(Severity::kInfo);
  Log(Severity::kInfo, "e");
  std::vector<std::string> events;
  for (const std::string& line : captured.Lines()) events.push_back(json::parse(line)["event"]);
  EXPECT_EQ(events, (std::vector<std::string>{"b", "d", "e"}));
}

TEST(LogTest, EscapesWhatWouldBreakALine) {
  const std::string text("a\n\"b\"\\\r\t\x1b[31m\0\x7f", 14);
  EXPECT_EQ(Logged(Severity::kInfo, "x", {{"text", text}})["text"], text);
  EXPECT_EQ(Logged(Severity::kInfo, "a\nb")["event"], "a\nb");
}

TEST(LogTest, KeepsTheLineAsciiAndReplacesWhatIsNoUtf8) {
  CapturedStderr captured;
  Log(Severity::kInfo, "x", {{"text", "\xc3\xa9|\xff|\xe2\x82|\xf0\x9f\x92\xb6"}});
  const std::string line = captured.Lines().at(0);
  for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  EXPECT_EQ(json::parse(line)["text"], "\xc3\xa9|\xef\xbf\xbd|\xef\xbf\xbd|\xf0\x9f\x92\xb6");
}

TEST(LogTest, CutsLongTextAlsoInsideACharacter) {
  const std::string text = Logged(Severity::kInfo, "x", {{"text", std::string(5000, 'a')}})["text"];
  EXPECT_EQ(text, std::string(2000, 'a'));
  const std::string cut = Logged(
      Severity::kInfo, "x", {{"text", absl::StrCat(std::string(1999, 'a'), "\xc3\xa9")}})["text"];
  EXPECT_EQ(cut, std::string(1999, 'a') + "\xef\xbf\xbd");
}

// A pipe accepts a line of this length in several pieces; another thread's line could get in
// between.
TEST(LogTest, DoesNotMixTheLinesOfThreads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 50;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);

  std::vector<std::thread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([i] {
      const std::string text(2000, static_cast<char>('\1' + i));  // escaped: 6 bytes each
      for (int line = 0; line < kLines; ++line) {
        Log(Severity::kInfo, "x",
            {{"a", text},
             {"b", text},
             {"c", text},
             {"d", text},
             {"e", text},
             {"f", text},
             {"g", text}});
      }
    });
  }
  std::thread closer([&] {
    for (std::thread& writer : writers) writer.join();
    dup2(saved, STDERR_FILENO);  // closes the pipe's last write end
  });
  std::string all;
  char buffer[4096];
  for (ssize_t size; (size = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    all.append(buffer, static_cast<size_t>(size));
  }
  closer.join();
  close(ends[0]);
  close(saved);

  const std::vector<std::string> lines = absl::StrSplit(all, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), kThreads * kLines);
  for (const std::string& line : lines) {
    const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(parsed.is_object()) << line.substr(0, 200);
    ASSERT_EQ(parsed["a"], parsed["g"]);
  }
}

}  // namespace
}  // namespace gateway
