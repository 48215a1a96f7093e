#include "upstream/http/message.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gateway::http {

absl::string_view Name(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "GET";
}

absl::string_view Name(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::kResolve:
      return "resolve";
    case Error::Kind::kConnect:
      return "connect";
    case Error::Kind::kTls:
      return "tls";
    case Error::Kind::kBroken:
      return "broken";
    case Error::Kind::kTooLarge:
      return "too_large";
    case Error::Kind::kDeadline:
      return "deadline";
    case Error::Kind::kCancelled:
      return "cancelled";
    case Error::Kind::kOverloaded:
      return "overloaded";
    case Error::Kind::kShutdown:
      return "shutdown";
    case Error::Kind::kInvalid:
      return "invalid";
  }
  return "broken";
}

absl::string_view Response::Header(absl::string_view name) const {
  absl::string_view rest = headers;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const absl::string_view line = rest.substr(0, end);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        absl::StartsWithIgnoreCase(line, name)) {
      return absl::StripAsciiWhitespace(line.substr(name.size() + 1));
    }
    if (end == absl::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return "";
}

}  // namespace gateway::http
