// A program under test, run as a child in a process group of its own.
//
// Thread-safety: one thread. Lifetime: the destructor kills the whole group and reaps the child.
// Errors: what the system refuses ends the test program.
//
//   ChildProcess child({"/bin/sh", "-c", "echo ready; read x"});
//   EXPECT_EQ(child.WaitForLine("ready"), "ready");
//   child.Signal(SIGTERM);
//   EXPECT_EQ(child.Wait(), 128 + SIGTERM);
#ifndef TESTS_SERVICE_CHILD_PROCESS_H_
#define TESTS_SERVICE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway {

class ChildProcess {
 public:
  // What Wait returns where the child, or one that holds its output, does not end.
  static constexpr int kDoesNotEnd = -1;

  // `environment` ("NAME=value") goes on top of this program's own.
  explicit ChildProcess(std::vector<std::string> arguments,
                        const std::vector<std::string>& environment = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line, on either output, that contains `text`. "" where the output ends before, or does
  // not come within a minute. Lines passed over are not looked at again.
  std::string WaitForLine(absl::string_view text);

  pid_t pid() const { return pid_; }

  // To the child alone, and to all of its group, as a terminal's Ctrl-C.
  void Signal(int signal);
  void SignalGroup(int signal);

  // Waits for the end of the output and of the child. The exit code, or 128 + the signal.
  int Wait();

  // Whether any process of the group is there. After Wait: whether the child left one behind.
  bool GroupIsAlive() const;

  // What came so far; everything, after Wait.
  const std::string& out() const { return streams_[0].text; }
  const std::string& err() const { return streams_[1].text; }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
    size_t looked_at = 0;
  };

  // Waits for more output. False at the end of both streams, and when the time is over.
  bool ReadSome(absl::Time deadline);
  static std::string NextLine(Stream& stream, absl::string_view text);

  pid_t pid_ = -1;
  bool reaped_ = false;
  int exit_code_ = kDoesNotEnd;
  Stream streams_[2];
};

struct Ended {
  int exit_code;
  std::string out;
  std::string err;
};

// Runs a program to its end.
Ended RunProgram(std::vector<std::string> arguments,
                 const std::vector<std::string>& environment = {});

}  // namespace gateway

#endif  // TESTS_SERVICE_CHILD_PROCESS_H_
