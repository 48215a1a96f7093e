// The gateway's binary as a process, with a configuration of the test's own.
//
// Thread-safety: one thread; address() and the samples from any.
// Lifetime: the destructor kills the process.
// Errors: a process that does not start ends the test program.
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
    // On top of what is needed, as a JSON merge patch: settings of the file, and of the upstream in
    // it. Without {"concurrency", nullptr} nobody is refused for the load, whatever else the
    // machine does.
    nlohmann::json settings = nlohmann::json::object();
    nlohmann::json upstream = nlohmann::json::object();
    // Its RLIMIT_NOFILE; 0: this program's own.
    int max_descriptors = 0;
  };

  // Whether the gateway is built with a sanitizer, which keeps what was freed, and its own records.
  static bool IsSanitized();

  explicit GatewayProcess(Options options);
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // After an end. Returns when the gateway says that it serves.
  void Start();

  // SIGTERM. The exit code, or 128 + the signal; ChildProcess::kDoesNotEnd after a minute.
  int Stop();
  void Signal(int signal);
  int Wait();

  // "127.0.0.1:port", the same after a restart.
  std::string address() const;

  int64_t resident_bytes() const;
  int descriptors() const;

  // What the last process logged; after its end.
  const std::string& log() const { return child_->err(); }

 private:
  std::string WriteConfig() const;

  const Options options_;
  TempDir directory_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> child_;
  std::future<int> ended_;  // reads what the process logs: it must not wait for room in the pipe
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_GATEWAY_PROCESS_H_
