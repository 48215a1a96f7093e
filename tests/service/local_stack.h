// The sandbox and the gateway in front of it, as processes on ports of their own. The gateway
// has a ledger, receives the sandbox's webhooks, and has the subscription "shop" to them, as with
// `make run`.
//
//   LocalStack stack;
//   CallRpc(stack.address(), ...);
#ifndef TESTS_SERVICE_LOCAL_STACK_H_
#define TESTS_SERVICE_LOCAL_STACK_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
  // `build` is the folder of the binaries.
  explicit LocalStack(const std::string& build)
      : webhooks_(absl::StrCat("127.0.0.1:", FreePort())),
        sandbox_({build + "/paynow-sandbox", "--listen", "127.0.0.1:0", "--webhook",
                  absl::StrCat("http://", webhooks_, "/webhooks/paynow")}),
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

  // A port that was free a moment ago. The sandbox starts first, and must be told the port on which
  // the gateway will receive webhooks.
  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool fine = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(fd);
    if (!fine) std::abort();
    return ntohs(address.sin_port);
  }

  std::string WriteConfig() {
    const std::string line = sandbox_.WaitForLine("listening on ");
    Require(!line.empty(), sandbox_);
    const nlohmann::json paynow = {{"base_url", line.substr(line.find("http://"))},
                                   {"default_store", "411486491630370816"},
                                   {"api_key", {{"env", "GATEWAY_TEST_KEY"}}}};
    const nlohmann::json secret = {{"file", directory_.Write("secret", "whsec_sandbox")}};
    const nlohmann::json config = {
        {"listen", "127.0.0.1:0"},
        {"upstreams", {{"paynow", paynow}}},
        {"ledger", {{"file", directory_.Path("ledger/ledger.db")}}},
        {"events",
         {{"file", directory_.Path("events/events.db")},
          {"subscriptions", {{"shop", nlohmann::json::object()}}}}},
        {"webhooks",
         {{"listen", webhooks_},
          {"providers", {{"paynow", {{"secrets", {{"sandbox", secret}}}}}}}}}};
    return directory_.Write("config.json", config.dump());
  }

  TempDir directory_;
  const std::string webhooks_;
  ChildProcess sandbox_;
  ChildProcess gateway_;
  std::string address_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_LOCAL_STACK_H_
