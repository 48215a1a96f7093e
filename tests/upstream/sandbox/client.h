// Shared parts of the sandbox tests: a started sandbox and a client for it.
#ifndef TESTS_UPSTREAM_SANDBOX_CLIENT_H_
#define TESTS_UPSTREAM_SANDBOX_CLIENT_H_

#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/arguments.h"
#include "upstream/sandbox/server.h"
#include "upstream/sandbox/validator.h"

namespace gateway::sandbox {

inline constexpr char kStore[] = "/v1/stores/411486491630370816";
inline constexpr char kOtherStore[] = "/v1/stores/411486491630370910";

struct Answer {
  int status = 0;
  std::string content_type;
  std::string text;
  // Null if the text is not JSON.
  Json body;
};

// One kept-alive connection. For one thread.
class Client {
 public:
  explicit Client(int port, std::string key = kSandboxApiKey);

  // Sends `body` unchanged.
  Answer Send(const std::string& verb, const std::string& target, const std::string& body,
              const std::string& content_type = "application/json");
  Answer Get(const std::string& target) { return Send("GET", target, ""); }
  Answer Post(const std::string& target, const Json& body) {
    return Send("POST", target, body.dump());
  }
  Answer Patch(const std::string& target, const Json& body) {
    return Send("PATCH", target, body.dump());
  }
  Answer Delete(const std::string& target) { return Send("DELETE", target, ""); }

 private:
  httplib::Client http_;
  const std::string key_;
};

// Starts a small sandbox on its own port.
std::unique_ptr<Sandbox> StartSandbox();

// Returns the texts of all violations for a test message; "" if there are none.
std::string Describe(const std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // TESTS_UPSTREAM_SANDBOX_CLIENT_H_
