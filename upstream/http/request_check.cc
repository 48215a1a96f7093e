#include "upstream/http/request_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "upstream/http/origin.h"

namespace gateway::http {
namespace {

constexpr absl::string_view kOwnHeaders[] = {
    "Accept-Encoding", "Connection", "Content-Length",    "Expect",  "Host",
    "Keep-Alive",      "TE",         "Transfer-Encoding", "Trailer", "Upgrade",
};

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

bool IsValueCharacter(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

absl::Status CheckHeader(absl::string_view header) {
  const size_t colon = header.find(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return absl::InvalidArgumentError("a header has no name");
  }
  const absl::string_view name = header.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), IsTokenCharacter)) {
    return absl::InvalidArgumentError("a header's name is not a token");
  }
  if (!std::all_of(header.begin() + colon, header.end(), IsValueCharacter)) {
    return absl::InvalidArgumentError("a header's value holds a control character");
  }
  for (absl::string_view own : kOwnHeaders) {
    if (absl::EqualsIgnoreCase(name, own)) {
      return absl::InvalidArgumentError("a header is one that only the transport may set");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(const Request& request) {
  if (absl::StatusOr<Origin> origin = Origin::Parse(request.url); !origin.ok()) {
    return origin.status();
  }
  for (const absl::string_view header : request.headers) {
    if (absl::Status status = CheckHeader(header); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace gateway::http
