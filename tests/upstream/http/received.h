// A request as a test server received it. A plain value.
#ifndef TESTS_UPSTREAM_HTTP_RECEIVED_H_
#define TESTS_UPSTREAM_HTTP_RECEIVED_H_

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace gateway::http {

struct Received {
  std::string method;
  std::string target;
  std::string head;  // the request line and the "Name: value" lines, as received
  std::string body;
  int connection = 0;  // in order of acceptance, from 0

  // Returns the value of the first header with this name (case is ignored), or "".
  std::string Header(absl::string_view name) const {
    for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
      const size_t colon = line.find(':');
      if (colon == absl::string_view::npos) continue;
      if (!absl::EqualsIgnoreCase(line.substr(0, colon), name)) continue;
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
    return "";
  }
};

class TestCertificate;

// Where and how a server listens. Port 0 takes any free port.
struct Listen {
  std::string host = "127.0.0.1";
  int port = 0;
  // If set, the server speaks TLS with it. Must outlive the server.
  const TestCertificate* certificate = nullptr;
  // If set, the server requires client certificates of this authority. Must outlive the server.
  const TestCertificate* clients = nullptr;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_RECEIVED_H_
