// A gateway is killed (SIGKILL) during keyed writes, at labelled points of a commit and at random
// moments, and restarted on the same file. A child process plays the gateway. It reports on a pipe
// what it is about to do and what the ledger answered. The "upstream" counts what was sent.
//
// After each kill: everything that the ledger confirmed holds, and no key is sent twice.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "service/ledger/sqlite/ledger.h"
#include "tests/service/ledger/calls.h"
#include "tests/service/temp_dir.h"

namespace gateway::ledger {
namespace {

// What the parent process knows about each key.
struct Known {
  int sent = 0;          // executions at the upstream
  bool claimed = false;  // confirmed by the ledger
  bool done = false;     // confirmed by the ledger
};

struct Death {
  std::string point;  // "": dies after `microseconds`
  int times = 0;      // how often it passes the point before it dies
  int microseconds = 0;
};

SqliteOptions OptionsOf(const std::string& file) { return {.common = TestOptions(), .file = file}; }

// Each line is written atomically, because it is shorter than PIPE_BUF.
void Say(int fd, absl::string_view what, int key) {
  const std::string line = absl::StrCat(what, " ", key, "\n");
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(9);
}

// One caller: claims a key, sends, settles.
void Call(Ledger& ledger, int key, int fd) {
  const absl::StatusOr<ClaimAnswer> claimed = Claim(ledger, absl::StrCat("key", key));
  if (!claimed.ok() || claimed->kind != ClaimAnswer::kClaimed) {
    if (claimed.ok() && claimed->kind == ClaimAnswer::kDone) Say(fd, "done", key);
    return;
  }
  Say(fd, "claimed", key);
  Say(fd, "sent", key);
  if (Settle(ledger, *claimed, {Settlement::kDone, absl::StrCat("reply", key)}).ok()) {
    Say(fd, "done", key);
  }
}

[[noreturn]] void PlayGateway(const std::string& file, const Death& death, int first, int keys,
                              int fd) {
  SqliteOptions options = OptionsOf(file);
  std::atomic<int> passes{0};
  options.common.at_point = [&](absl::string_view point) {
    if (point == death.point && ++passes > death.times) raise(SIGKILL);
  };
  auto ledger = SqliteLedger::Open(options);
  if (!ledger.ok()) _exit(8);
  Say(fd, "open", 0);
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&, c] {
      for (int key = first + c; key < first + keys; key += 4) Call(**ledger, key, fd);
    });
  }
  for (std::thread& caller : callers) caller.join();
  _exit(0);
}

class SqliteCrashTest : public testing::Test {
 protected:
  // Runs a gateway until it dies or has processed its keys, and reads its reports.
  void Live(const Death& death, int first, int keys) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      PlayGateway(file_, death, first, keys, ends[1]);
    }
    close(ends[1]);
    std::string said;
    char buffer[4096];
    bool killed = death.microseconds == 0;
    ssize_t size;
    while ((size = read(ends[0], buffer, sizeof(buffer))) > 0) {
      said.append(buffer, static_cast<size_t>(size));
      if (killed) continue;
      // The moment of the kill is meant to be random, so nothing synchronizes it.
      usleep(static_cast<useconds_t>(death.microseconds));
      kill(child, SIGKILL);
      killed = true;
    }
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    deaths_ += WIFSIGNALED(status) ? 1 : 0;
    for (const absl::string_view line : absl::StrSplit(said, '\n', absl::SkipEmpty())) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      int key = 0;
      ASSERT_TRUE(absl::SimpleAtoi(words[1], &key)) << line;
      if (words[0] == "claimed") known_[key].claimed = true;
      if (words[0] == "sent") ++known_[key].sent;
      if (words[0] == "done") known_[key].done = true;
    }
  }

  void Check() {
    const auto ledger = SqliteLedger::Open(OptionsOf(file_));
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    for (const auto& [key, known] : known_) {
      EXPECT_LE(known.sent, 1) << key;
      const absl::StatusOr<Entry> entry = FindKey(**ledger, absl::StrCat("key", key));
      if (!known.claimed) continue;
      ASSERT_TRUE(entry.ok()) << key << ": " << entry.status();
      EXPECT_NE(entry->state, State::kIntent) << key;
      if (known.done) {
        EXPECT_EQ(entry->state, State::kDone) << key;
        EXPECT_EQ(entry->reply, absl::StrCat("reply", key));
      }
      const bool done = entry->state == State::kDone;
      EXPECT_TRUE(!done || known.sent == 1) << key;
    }
  }

  const TempDir folder_;
  const std::string file_ = folder_.Path("ledger.db");
  std::map<int, Known> known_;
  int deaths_ = 0;
};

TEST_F(SqliteCrashTest, KilledAtEachPointOfACommit) {
  int first = 0;
  int lives = 0;
  for (const char* const point : {"begin", "before commit", "after commit"}) {
    for (int times = 0; times < 12; ++times) {
      ASSERT_NO_FATAL_FAILURE(Live({.point = point, .times = times}, first, 16));
      // The callers retry with their keys.
      ASSERT_NO_FATAL_FAILURE(Live({.point = "begin", .times = 9}, first, 16));
      ASSERT_NO_FATAL_FAILURE(Check()) << point << " " << times;
      first += 16;
      ++lives;
    }
  }
  EXPECT_GE(deaths_, lives);  // the fault really occurred
}

TEST_F(SqliteCrashTest, KilledAtRandomMoments) {
  std::minstd_rand random(20261127);
  constexpr int kLives = 150;
  for (int life = 0; life < kLives; ++life) {
    const int moment = static_cast<int>(random() % 20'000);
    // The previous run already tried half of the keys.
    ASSERT_NO_FATAL_FAILURE(Live({.point = "", .microseconds = 1 + moment}, 200 * life, 400));
    if (life % 10 != 9) continue;
    ASSERT_NO_FATAL_FAILURE(Check());
  }
  EXPECT_GE(deaths_, kLives / 2);
  int sent = 0;
  for (const auto& [key, known] : known_) sent += known.sent;
  EXPECT_GT(sent, 0);
}

}  // namespace
}  // namespace gateway::ledger
