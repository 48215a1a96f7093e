// The sandboxes as a program: they listen until SIGTERM or SIGINT.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/command_line.h"
#include "upstream/sandbox/server.h"

namespace {

using gateway::sandbox::ReadCommandLine;
using gateway::sandbox::Sandbox;
using gateway::sandbox::Usage;

void Print(FILE* file, absl::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

absl::string_view NameOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

int Fail(absl::string_view program, const absl::Status& status, int code) {
  Print(stderr, absl::StrCat(program, ": ", status.message(), "\n"));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::string_view program = NameOf(argv[0]);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments == std::vector<std::string>{"--help"}) {
    Print(stdout, Usage());
    return 0;
  }
  const char* const key = std::getenv("SANDBOX_API_KEY");
  auto shops = ReadCommandLine(program, arguments, key == nullptr ? "" : key);
  if (!shops.ok()) {
    Print(stderr, Usage());
    return Fail(program, shops.status(), 2);
  }
  // Blocks the signals in this thread and in all threads that it starts, so that only sigwait below
  // receives them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  std::vector<std::unique_ptr<Sandbox>> sandboxes;
  std::vector<Sandbox::Neighbour> neighbours;
  for (Sandbox::Options& options : *shops) {
    auto sandbox = Sandbox::Start(std::move(options));
    if (!sandbox.ok()) return Fail(program, sandbox.status(), 1);
    neighbours.push_back({(*sandbox)->provider(), (*sandbox)->public_url()});
    sandboxes.push_back(*std::move(sandbox));
  }
  for (const auto& sandbox : sandboxes) {
    sandbox->SetNeighbours(neighbours);
    Print(stdout,
          absl::StrCat(sandbox->provider(), "-sandbox listening on ", sandbox->url(), "\n"));
  }
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  return 0;
}
