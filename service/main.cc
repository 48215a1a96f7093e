// The program billing-gateway: reads the configuration, creates the gateway, serves, and drains.
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "service/config/config.h"
#include "service/gateway.h"
#include "service/generation/migrate.h"
#include "service/log/library_logs.h"
#include "service/log/log.h"
#include "service/version.h"
#include "service/webhook_gateway.h"

namespace {

constexpr absl::string_view kUsage =
    "Usage: billing-gateway --config FILE [--mode webhooks] [--check-config]\n"
    "       billing-gateway --migrate DSN_FILE ROLE\n"
    "       billing-gateway --config-keys | --version | --help\n"
    "\n"
    "  --config FILE    the configuration, one JSON file\n"
    "  --mode webhooks  receive webhooks and keep them, and nothing else: no upstream, no gRPC "
    "port\n"
    "  --check-config   say whether the configuration is good, and do not serve\n"
    "  --migrate        bring the tables of ledger and events in PostgreSQL up to date, as the "
    "user\n"
    "                   of the connection string in DSN_FILE, and give ROLE what the gateway "
    "needs\n"
    "  --config-keys    print every key of the configuration: name, default, meaning\n"
    "  --version        print the release, its commit and how it was built\n";

constexpr int kExitUsage = 2;

struct Arguments {
  std::string config;
  std::string dsn_file;  // of the database to migrate; empty: none
  std::string role;
  gateway::Mode mode = gateway::Mode::kGateway;
  bool check_config = false;
  bool config_keys = false;
  bool version = false;
  bool help = false;
  bool bad = false;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "--config" && i + 1 < argc) {
      arguments.config = argv[++i];
    } else if (argument == "--mode" && i + 1 < argc &&
               absl::string_view(argv[i + 1]) == "webhooks") {
      arguments.mode = gateway::Mode::kWebhooks;
      ++i;
    } else if (argument == "--migrate" && i + 2 < argc) {
      arguments.dsn_file = argv[++i];
      arguments.role = argv[++i];
    } else if (argument == "--check-config") {
      arguments.check_config = true;
    } else if (argument == "--config-keys") {
      arguments.config_keys = true;
    } else if (argument == "--version") {
      arguments.version = true;
    } else if (argument == "--help") {
      arguments.help = true;
    } else {
      arguments.bad = true;
    }
  }
  const bool asks =
      arguments.config_keys || arguments.version || arguments.help || !arguments.dsn_file.empty();
  arguments.bad |= arguments.config.empty() && !asks;
  return arguments;
}

// Prints the keys as a Markdown table, which docs/configuration.md contains.
void PrintConfigKeys() {
  std::printf("| key | default | meaning | a change needs |\n| --- | --- | --- | --- |\n");
  for (const auto& key : gateway::ConfigKeys()) {
    const std::string shown =
        key.default_value.empty() ? "" : absl::StrCat("`", key.default_value, "`");
    std::printf("| `%s` | %s | %s | %s |\n", key.path.c_str(), shown.c_str(),
                key.documentation.c_str(), gateway::Name(key.rule).data());
  }
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}

// Blocks SIGTERM and SIGINT in this thread and in all threads that it starts, so that Serve can
// wait for them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Makes malloc return the memory of large replies to the system when it is freed; only
// upstream/http/body_memory.h keeps some. By default malloc adapts and keeps such memory: many
// large replies that wait at once would then enlarge the process for good.
void ReturnLargeBlocks() {
  constexpr int kLarge = 256 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLarge);
}

// Raises the soft limit of file descriptors to the hard limit, which is often far higher.
void TakeAllDescriptors() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
}

// The process's memory holds keys. So no other process of this user may read this memory, and a
// crash writes no core dump.
void HideMemory() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// None of these signals may end a process in which writes are in flight. If SIGXFSZ and SIGPIPE are
// ignored, the system call fails instead, as on a full disk or a closed connection. SIGHUP has no
// meaning here: there is no terminal.
void IgnoreSignals() {
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ, SIGPIPE}) {
    ::signal(signal, SIG_IGN);
  }
}

// Turns off the deadlock detection of Abseil's mutexes, which gRPC uses. Debian builds Abseil with
// the detection on: each locking updates a graph that all threads share behind one lock. This costs
// each call some 6,000 instructions, and makes threads wait for one another.
void LeaveLocksUnwatched() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

// `Process`: a Gateway or a WebhookGateway.
template <typename Process>
int Serve(const gateway::Config& config) {
  LeaveLocksUnwatched();
  IgnoreSignals();
  HideMemory();
  TakeAllDescriptors();
  ReturnLargeBlocks();
  gateway::TakeOverLibraryLogs();
  const sigset_t stop_signals = BlockStopSignals();
  auto created = Process::Create(config);
  if (!created.ok()) return Fail(created.status());
  const std::unique_ptr<Process> gateway = *std::move(created);
  gateway::Log(gateway::Severity::kInfo, "serving", {{"port", int64_t{gateway->port()}}});

  int signal = 0;
  sigwait(&stop_signals, &signal);
  gateway::Log(gateway::Severity::kInfo, "draining", {{"signal", int64_t{signal}}});
  gateway->Drain();
  gateway::Log(gateway::Severity::kInfo, "stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  if (arguments.bad) {
    std::fputs(kUsage.data(), stderr);
    return kExitUsage;
  }
  if (arguments.help) {
    std::fputs(kUsage.data(), stdout);
    return 0;
  }
  if (arguments.version) {
    std::printf("billing-gateway %s\ncommit %s\nbuild %s\n", gateway::kVersion.data(),
                gateway::kCommit.data(), gateway::kBuild.data());
    return 0;
  }
  if (arguments.config_keys) {
    PrintConfigKeys();
    return 0;
  }
  if (!arguments.dsn_file.empty()) {
    const absl::Status status = gateway::Migrate(arguments.dsn_file, arguments.role);
    return status.ok() ? 0 : Fail(status);
  }
  const absl::StatusOr<gateway::Config> config =
      gateway::LoadConfig(arguments.config, arguments.mode);
  if (!config.ok()) return Fail(config.status());
  if (!arguments.check_config) {
    return arguments.mode == gateway::Mode::kWebhooks ? Serve<gateway::WebhookGateway>(*config)
                                                      : Serve<gateway::Gateway>(*config);
  }
  const absl::Status status = gateway::Gateway::Check(*config);
  if (!status.ok()) return Fail(status);
  std::printf("%s: good\n", arguments.config.c_str());
  return 0;
}
