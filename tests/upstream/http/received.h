// A request as a test's server received it. A plain value.
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

  // The value of the first header with this name (case is ignored), or "" where there is none.
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

// Where and how a server listens. Port 0: any that is free.
struct Listen {
  std::string host = "127.0.0.1";
  int port = 0;
  // With one it speaks TLS. It must outlive the server.
  const TestCertificate* certificate = nullptr;
  // With one it wants its clients' certificates from this authority. It must outlive the server.
  const TestCertificate* clients = nullptr;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_RECEIVED_H_
