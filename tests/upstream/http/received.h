// A request as a test's server received it, over HTTP/1.1 and over HTTP/2 alike. A plain value.
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
  std::string head;  // "Name: value" lines as received; over HTTP/1.1 after the request line
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

// Where a server listens. Port 0: any that is free.
struct Listen {
  std::string host = "127.0.0.1";
  int port = 0;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_RECEIVED_H_
