// A reader of standard error that is slow, but does read.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/log/log.h"
#include "service/telemetry/access_log.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr int kChunk = 4096;
constexpr absl::Duration kPause = absl::Milliseconds(50);

// Makes standard error a pipe of one page, and reads a page of it every 50 ms.
class SlowReader {
 public:
  SlowReader() : saved_(dup(STDERR_FILENO)) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    fcntl(ends[1], F_SETPIPE_SZ, kChunk);
    reader_ = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    thread_ = std::thread([this] { Read(); });
  }
  ~SlowReader() {
    if (thread_.joinable()) ReadAll();
  }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  void AwaitChunks(int chunks) {
    const MutexLock lock(mutex_);
    while (chunks_ < chunks) changed_.Wait(mutex_);
  }

  // From now on reads as fast as it can.
  void Hurry() {
    const MutexLock lock(mutex_);
    hurries_ = true;
    changed_.NotifyAll();
  }

  // Closes the pipe, and returns all lines.
  std::vector<std::string> ReadAll() {
    Hurry();
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    thread_.join();
    close(reader_);
    return absl::StrSplit(all_, '\n', absl::SkipEmpty());
  }

 private:
  void Read() {
    char chunk[kChunk];
    for (ssize_t got; (got = read(reader_, chunk, sizeof(chunk))) > 0;) {
      all_.append(chunk, static_cast<size_t>(got));
      const MutexLock lock(mutex_);
      ++chunks_;
      changed_.NotifyAll();
      const SteadyTime next = SteadyTime::Now() + kPause;
      while (!hurries_ && changed_.WaitUntil(mutex_, next)) {
      }
    }
  }

  const int saved_;
  int reader_ = -1;
  std::string all_;
  Mutex mutex_;
  CondVar changed_;
  int chunks_ ABSL_GUARDED_BY(mutex_) = 0;
  bool hurries_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// A thread that serves calls must not wait until the access log has written its batch.
TEST(SlowReaderTest, NobodyWaitsForTheLinesOfOthers) {
  constexpr int kLogged = 3;
  const uint64_t lost_before = LostLogLines();
  const Operation operation{"p.v1.S.M", "p.v1.S", "M", mapping::Access::kRead, "GET", "/m"};
  const BatcherOptions options;
  const auto pushed = static_cast<uint64_t>(options.capacity);
  SlowReader reader;
  uint64_t dropped = 0;
  {
    AccessLog log(1, options);
    AccessEntry entry;
    entry.operation = &operation;
    entry.ended = absl::Now();
    entry.ids = {std::string(32, 'a'), std::string(16, 'b'), std::string(32, 'c')};
    for (uint64_t i = 0; i < pushed; ++i) log.Write(entry);
    reader.AwaitChunks(3);
    for (int i = 0; i < kLogged; ++i) {
      const SteadyTime began = SteadyTime::Now();
      Log(Severity::kError, "a call has failed");
      EXPECT_LT(SteadyTime::Now() - began, absl::Milliseconds(500));
    }
    reader.Hurry();
    log.Flush();
    dropped = log.dropped();
  }
  const std::vector<std::string> lines = reader.ReadAll();
  for (const std::string& line : lines) ASSERT_TRUE(json::accept(line)) << line;
  EXPECT_GT(lines.size(), 10u);
  EXPECT_EQ(lines.size() + dropped + LostLogLines() - lost_before, pushed + kLogged);
}

// A line that a pipe takes in several pieces is cut short if the reader stops.
TEST(SlowReaderTest, ALineThatIsCutShortSpoilsNoOther) {
  SlowReader reader;
  const uint64_t lost_before = LostLogLines();
  const std::string text(2000, '\1');  // escaped: 6 bytes each
  Log(Severity::kError, "long",
      {{"a", text}, {"b", text}, {"c", text}, {"d", text}, {"e", text}, {"f", text}});
  EXPECT_EQ(LostLogLines() - lost_before, 1u);
  reader.Hurry();
  for (uint64_t lost = 1; lost > 0;) {
    const uint64_t before = LostLogLines();
    Log(Severity::kError, "short");
    lost = LostLogLines() - before;
  }
  const std::vector<std::string> lines = reader.ReadAll();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_FALSE(json::accept(lines[0]));
  EXPECT_TRUE(json::accept(lines[1])) << lines[1];
}

}  // namespace
}  // namespace gateway
