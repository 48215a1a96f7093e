#include "tests/service/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace gateway {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

void Require(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  std::abort();
}

std::vector<std::string> Environment(const std::vector<std::string>& additions) {
  std::vector<std::string> all = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view own = *entry;
    const absl::string_view name = own.substr(0, own.find('=') + 1);
    if (std::none_of(additions.begin(), additions.end(),
                     [&](const std::string& added) { return absl::StartsWith(added, name); })) {
      all.emplace_back(own);
    }
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the program without standard input, with default signal handling, in its own process
// group.
pid_t Spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int out,
            int err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) sigaddset(&signals, signal);
  posix_spawnattr_setsigdefault(&attributes, &signals);

  pid_t pid = -1;
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  errno = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), envp.data());
  Require(errno == 0, argv[0]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments,
                           const std::vector<std::string>& environment) {
  int out[2];
  int err[2];
  Require(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0, "pipe2");
  pid_ = Spawn(std::move(arguments), Environment(environment), out[1], err[1]);
  close(out[1]);
  close(err[1]);
  streams_[0].fd = out[0];
  streams_[1].fd = err[0];
}

ChildProcess::~ChildProcess() {
  SignalGroup(SIGKILL);
  if (!reaped_) waitpid(pid_, nullptr, 0);
  for (const Stream& stream : streams_) {
    if (stream.fd >= 0) close(stream.fd);
  }
}

std::string ChildProcess::WaitForLine(absl::string_view text) {
  const absl::Time deadline = absl::Now() + kPatience;
  do {
    for (Stream& stream : streams_) {
      if (std::string line = NextLine(stream, text); !line.empty()) return line;
    }
  } while (ReadSome(deadline));
  return "";
}

std::string ChildProcess::NextLine(Stream& stream, absl::string_view text) {
  for (size_t end; (end = stream.text.find('\n', stream.looked_at)) != std::string::npos;) {
    std::string line = stream.text.substr(stream.looked_at, end - stream.looked_at);
    stream.looked_at = end + 1;
    if (absl::StrContains(line, text)) return line;
  }
  return "";
}

bool ChildProcess::ReadSome(absl::Time deadline) {
  pollfd polled[2] = {{streams_[0].fd, POLLIN, 0}, {streams_[1].fd, POLLIN, 0}};
  if (streams_[0].fd < 0 && streams_[1].fd < 0) return false;
  const int64_t left = std::max<int64_t>(absl::ToInt64Milliseconds(deadline - absl::Now()), 0);
  const int ready = poll(polled, 2, static_cast<int>(left));
  if (ready == 0) return false;
  Require(ready > 0 || errno == EINTR, "poll");
  for (int i = 0; ready > 0 && i < 2; ++i) {
    if (polled[i].revents == 0) continue;
    char buffer[65536];
    const ssize_t size = read(streams_[i].fd, buffer, sizeof(buffer));
    if (size > 0) {
      streams_[i].text.append(buffer, static_cast<size_t>(size));
    } else {
      close(streams_[i].fd);
      streams_[i].fd = -1;
    }
  }
  return true;
}

void ChildProcess::Signal(int signal) { Require(kill(pid_, signal) == 0, "kill"); }

void ChildProcess::SignalGroup(int signal) { kill(-pid_, signal); }

bool ChildProcess::GroupIsAlive() const { return kill(-pid_, 0) == 0; }

int ChildProcess::Wait() {
  if (reaped_) return exit_code_;
  const absl::Time deadline = absl::Now() + kPatience;
  while (ReadSome(deadline)) {
  }
  if (streams_[0].fd >= 0 || streams_[1].fd >= 0) return kDoesNotEnd;
  // A process that has closed its outputs is about to end.
  int status = 0;
  Require(waitpid(pid_, &status, 0) == pid_, "waitpid");
  reaped_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

Ended RunProgram(std::vector<std::string> arguments, const std::vector<std::string>& environment) {
  ChildProcess child(std::move(arguments), environment);
  const int exit_code = child.Wait();
  return {exit_code, child.out(), child.err()};
}

}  // namespace gateway
