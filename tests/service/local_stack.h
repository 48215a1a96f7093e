// The sandbox and the gateway in front of it, as processes on ports of their own.
//
//   LocalStack stack;
//   CallRpc(stack.address(), ...);
#ifndef TESTS_SERVICE_LOCAL_STACK_H_
#define TESTS_SERVICE_LOCAL_STACK_H_

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway {

class LocalStack {
 public:
  // Where the binaries are.
  explicit LocalStack(const std::string& build)
      : sandbox_({build + "/paynow-sandbox", "--listen", "127.0.0.1:0"}),
        gateway_({build + "/billing-gateway", "--config", WriteConfig()},
                 {"GATEWAY_TEST_KEY=pnapi_v1_sandbox"}) {
    const auto line = nlohmann::json::parse(gateway_.WaitForLine("\"serving\""), nullptr, false);
    Require(line.is_object(), gateway_);
    address_ = absl::StrCat("127.0.0.1:", line.value("port", 0));
  }

  const std::string& address() const { return address_; }

 private:
  static void Require(bool fine, const ChildProcess& child) {
    if (fine) return;
    std::cerr << "does not start: " << child.err() << "\n";
    std::abort();
  }

  std::string WriteConfig() {
    const std::string line = sandbox_.WaitForLine("listening on ");
    Require(!line.empty(), sandbox_);
    const nlohmann::json paynow = {{"base_url", line.substr(line.find("http://"))},
                                   {"default_store", "411486491630370816"},
                                   {"api_key", {{"env", "GATEWAY_TEST_KEY"}}}};
    return directory_.Write(
        "config.json",
        nlohmann::json{{"listen", "127.0.0.1:0"}, {"upstreams", {{"paynow", paynow}}}}.dump());
  }

  TempDir directory_;
  ChildProcess sandbox_;
  ChildProcess gateway_;
  std::string address_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_LOCAL_STACK_H_
