// The sandbox as a program: listens until SIGTERM or SIGINT.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "upstream/sandbox/server.h"

namespace {

using gateway::sandbox::Fault;
using gateway::sandbox::ParseFault;
using gateway::sandbox::Sandbox;

constexpr char kUsage[] =
    "usage: paynow-sandbox [--provider NAME] [--listen HOST:PORT] [--api-key KEY]...\n"
    "\n"
    "A stand-in for a provider's API that forgets everything when it stops.\n"
    "\n"
    "  --provider NAME     convergegate, paymentkit, paynow or qashier (paynow)\n"
    "  --listen HOST:PORT  where to listen; port 0 takes a free one (127.0.0.1:8080)\n"
    "  --api-key KEY       a key to accept; may be repeated (the provider's own for tests)\n"
    "  --fault FAULT       a fault that the next calls meet, as KIND[:OPERATION[:TIMES]]; may be\n"
    "                      repeated. commit-then-drop:RefundOrder:1 executes one refund and ends\n"
    "                      the connection without an answer. Others: drop-before-commit, delay,\n"
    "                      too-many-requests, internal-error, bad-gateway, cut-reply, slow-reply,\n"
    "                      foreign-reply. While it runs: POST /_sandbox/api/faults\n"
    "  --webhook URL       gets every event, signed; may be repeated\n"
    "  --webhook-secret S  what is signed with for --webhook (whsec_sandbox)\n"
    "  --seed FILE         the records to start with, as /_sandbox/api/export writes them\n"
    "  --public-url URL    where browsers find the sandbox (http://127.0.0.1:PORT)\n"
    "  --open-window true  lets others than this machine use /_sandbox/, which knows no key\n"
    "  SANDBOX_API_KEY     the same as one --api-key, from the environment\n";

bool ReadListen(absl::string_view text, Sandbox::Options& options) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  options.host = std::string(text.substr(0, colon));
  return absl::SimpleAtoi(text.substr(colon + 1), &options.port) && options.port >= 0 &&
         options.port <= 65535;
}

bool ReadArguments(int argc, char** argv, Sandbox::Options& options) {
  options.port = 8080;
  std::vector<std::string> keys;
  if (const char* key = std::getenv("SANDBOX_API_KEY"); key != nullptr) keys.emplace_back(key);
  for (int i = 1; i < argc; i += 2) {
    const absl::string_view name = argv[i];
    if (i + 1 == argc) return false;
    if (name == "--listen") {
      if (!ReadListen(argv[i + 1], options)) return false;
    } else if (name == "--provider") {
      options.provider = argv[i + 1];
    } else if (name == "--api-key") {
      keys.emplace_back(argv[i + 1]);
    } else if (name == "--webhook") {
      options.webhook_urls.emplace_back(argv[i + 1]);
    } else if (name == "--webhook-secret") {
      options.webhook_secret = argv[i + 1];
    } else if (name == "--public-url") {
      options.public_url = argv[i + 1];
    } else if (name == "--seed") {
      std::ifstream file(argv[i + 1]);
      if (!file) return false;
      options.seed.assign(std::istreambuf_iterator<char>(file), {});
    } else if (name == "--open-window") {
      options.open_window = argv[i + 1] == absl::string_view("true");
    } else if (name == "--fault") {
      const absl::StatusOr<Fault> fault = ParseFault(argv[i + 1]);
      if (!fault.ok()) {
        std::fprintf(stderr, "%s\n", std::string(fault.status().message()).c_str());
        return false;
      }
      options.faults.push_back(*fault);
    } else {
      return false;
    }
  }
  if (!keys.empty()) options.api_keys = keys;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && absl::string_view(argv[1]) == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  Sandbox::Options options;
  if (!ReadArguments(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  // Blocked in every thread that follows, so that sigwait below is the only one to see them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  const std::string host = options.host;
  const std::string provider = options.provider;
  auto sandbox = Sandbox::Start(std::move(options));
  if (!sandbox.ok()) {
    std::fprintf(stderr, "paynow-sandbox: %s\n", std::string(sandbox.status().message()).c_str());
    return 1;
  }
  std::printf("%s-sandbox listening on http://%s:%d\n", provider.c_str(), host.c_str(),
              (*sandbox)->port());
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  return 0;
}
