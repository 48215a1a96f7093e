// Runs the gateway's binary as a process, with a configuration made by the test.
//
// Thread-safety: one thread; address() and the samples may be used from any thread. Lifetime: the
// destructor kills the process. Errors: a process that does not start ends the test program.
//
//   GatewayProcess gateway({.base_url = upstream.Url()});
//   ... calls to gateway.address() ...
//   EXPECT_EQ(gateway.Stop(), 0);
//   gateway.Start();  // again, on the same port
#ifndef TESTS_LOAD_GATEWAY_PROCESS_H_
#define TESTS_LOAD_GATEWAY_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway::load {

class GatewayProcess {
 public:
  struct Options {
    std::string base_url;
    // JSON merge patches on top of the minimal configuration: `settings` for the file, `upstream`
    // for its upstream. The minimal configuration sets a concurrency limit of 1000, so that load on
    // the host sheds no calls; {"concurrency", nullptr} restores the gateway's default.
    nlohmann::json settings = nlohmann::json::object();
    nlohmann::json upstream = nlohmann::json::object();
    // RLIMIT_NOFILE of the process; 0: the same as this program's.
    int max_descriptors = 0;
  };

  // Whether the gateway is built with a sanitizer, which keeps freed memory and its own records.
  static bool IsSanitized();

  explicit GatewayProcess(Options options);
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // Starts the process again after it has ended. Returns when the gateway reports that it serves.
  void Start();

  // Sends SIGTERM and waits. Returns the exit code, or 128 + the signal number;
  // ChildProcess::kDoesNotEnd after a minute.
  int Stop();
  void Signal(int signal);
  int Wait();

  // "127.0.0.1:port"; the port stays the same after a restart.
  std::string address() const;

  int64_t resident_bytes() const;
  int descriptors() const;

  // The log of the last process; available after its end.
  const std::string& log() const { return child_->err(); }

 private:
  std::string WriteConfig() const;

  const Options options_;
  TempDir directory_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> child_;
  std::future<int> ended_;  // drains the process's log, so that its pipe never fills up
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_GATEWAY_PROCESS_H_
