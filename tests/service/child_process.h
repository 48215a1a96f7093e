// A program under test, run as a child in its own process group.
//
// Thread-safety: one thread. Lifetime: the destructor kills the whole group and reaps the child.
// Errors: a failing system call ends the test program.
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
  // Returned by Wait if the child, or another process that holds its output, does not end.
  static constexpr int kDoesNotEnd = -1;

  // `environment` ("NAME=value") is added to this program's environment and overrides it.
  explicit ChildProcess(std::vector<std::string> arguments,
                        const std::vector<std::string>& environment = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Returns the next line, on either output, that contains `text`. Returns "" if the output ends
  // first or a minute passes. Skipped lines are not searched again.
  std::string WaitForLine(absl::string_view text);

  pid_t pid() const { return pid_; }

  // Signal reaches only the child; SignalGroup reaches its whole group, like Ctrl-C in a terminal.
  void Signal(int signal);
  void SignalGroup(int signal);

  // Waits until the output and the child have ended. Returns the exit code, or 128 + the signal
  // number.
  int Wait();

  // Whether any process of the group exists. After Wait: whether the child left one behind.
  bool GroupIsAlive() const;

  // The output so far; complete after Wait.
  const std::string& out() const { return streams_[0].text; }
  const std::string& err() const { return streams_[1].text; }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
    size_t looked_at = 0;
  };

  // Waits for more output. Returns false at the end of both streams and at the deadline.
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

// Runs a program until it ends.
Ended RunProgram(std::vector<std::string> arguments,
                 const std::vector<std::string>& environment = {});

}  // namespace gateway

#endif  // TESTS_SERVICE_CHILD_PROCESS_H_
