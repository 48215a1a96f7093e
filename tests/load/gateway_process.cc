#include "tests/load/gateway_process.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/grpc_client.h"

namespace gateway::load {
namespace {

constexpr auto kPatience = std::chrono::minutes(1);

void RequireThat(bool fine, const std::string& what) {
  if (fine) return;
  std::cerr << what << "\n";
  std::abort();
}

constexpr char kOther[] = "GATEWAY_UNDER_TEST";

// The path of the gateway. The environment may name another build, for a sanitizer that gRPC's
// client library in this test program is not built for.
std::string Program() {
  const char* const other = std::getenv(kOther);
  return other != nullptr ? other : GATEWAY;
}

}  // namespace

bool GatewayProcess::IsSanitized() {
#ifdef __SANITIZE_ADDRESS__
  return true;
#endif
  return std::getenv(kOther) != nullptr;
}

GatewayProcess::GatewayProcess(Options options) : options_(std::move(options)) { Start(); }

GatewayProcess::~GatewayProcess() {
  if (!ended_.valid()) return;
  child_->SignalGroup(SIGKILL);  // the process may have ended by itself
  ended_.get();
}

std::string GatewayProcess::WriteConfig() const {
  nlohmann::json paynow = {{"base_url", options_.base_url},
                           {"default_store", "12"},
                           {"api_key", {{"env", "GATEWAY_TEST_KEY"}}},
                           {"concurrency", {{"initial", 1000}, {"minimum", 1000}}}};
  paynow.merge_patch(options_.upstream);
  nlohmann::json config = {{"listen", absl::StrCat("127.0.0.1:", port_)},
                           {"upstreams", {{"paynow", paynow}}}};
  config.merge_patch(options_.settings);
  return directory_.Write("gateway.json", config.dump());
}

void GatewayProcess::Start() {
  RequireThat(!ended_.valid(), "the gateway runs already");
  std::vector<std::string> arguments = {Program(), "--config", WriteConfig()};
  if (options_.max_descriptors != 0) {
    const std::string script =
        absl::StrCat("ulimit -n ", options_.max_descriptors, R"( && exec "$0" "$@")");
    arguments.insert(arguments.begin(), {"/bin/sh", "-c", script});
  }
  child_ = std::make_unique<ChildProcess>(
      arguments, std::vector<std::string>{"GATEWAY_TEST_KEY=pnapi_MARKER"});
  const auto line = nlohmann::json::parse(child_->WaitForLine("\"serving\""), nullptr, false);
  RequireThat(line.is_object(), "the gateway does not start: " + child_->err());
  port_ = line.value("port", 0);
  RequireThat(HealthWatch(address()).NextIsServing(), "the gateway does not serve");
  ended_ = std::async(std::launch::async, [this] {
    int code;
    do {
      code = child_->Wait();
    } while (code == ChildProcess::kDoesNotEnd);
    return code;
  });
}

void GatewayProcess::Signal(int signal) { child_->Signal(signal); }

int GatewayProcess::Wait() {
  if (ended_.wait_for(kPatience) == std::future_status::timeout) return ChildProcess::kDoesNotEnd;
  return ended_.get();
}

int GatewayProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

std::string GatewayProcess::address() const { return absl::StrCat("127.0.0.1:", port_); }

int64_t GatewayProcess::resident_bytes() const {
  std::ifstream statm(absl::StrCat("/proc/", child_->pid(), "/statm"));
  int64_t all = 0;
  int64_t resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int GatewayProcess::descriptors() const {
  const std::filesystem::directory_iterator open(absl::StrCat("/proc/", child_->pid(), "/fd"));
  return static_cast<int>(std::distance(begin(open), end(open)));
}

}  // namespace gateway::load
