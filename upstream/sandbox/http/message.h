// A request as it was received, and a reply as it will be sent.
//
// Plain values.
#ifndef UPSTREAM_SANDBOX_HTTP_MESSAGE_H_
#define UPSTREAM_SANDBOX_HTTP_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace gateway::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Received {
  std::string method;
  // Path and query as they were sent.
  std::string target;
  Headers headers;
  std::string body;

  // The first value of this header (case is ignored), or "".
  absl::string_view Header(absl::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::EqualsIgnoreCase(key, name)) return value;
    }
    return "";
  }
};

struct Reply {
  int status = 200;
  std::string body;
  // Empty: the reply has no content.
  std::string content_type = "application/json";
  Headers headers;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HTTP_MESSAGE_H_
