#include "upstream/http/request_check.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "upstream/http/characters.h"
#include "upstream/http/origin.h"

namespace gateway::http {
namespace {

constexpr absl::string_view kOwnHeaders[] = {
    "Accept-Encoding", "Connection", "Content-Length",    "Expect",  "Host",
    "Keep-Alive",      "TE",         "Transfer-Encoding", "Trailer", "Upgrade",
};

absl::Status CheckHeader(absl::string_view header) {
  const size_t colon = header.find(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return absl::InvalidArgumentError("a header has no name");
  }
  const absl::string_view name = header.substr(0, colon);
  if (!HasOnly(Characters::kToken, name)) {
    return absl::InvalidArgumentError("a header's name is not a token");
  }
  if (!HasOnly(Characters::kValue, header.substr(colon))) {
    return absl::InvalidArgumentError("a header's value holds a control character");
  }
  for (absl::string_view own : kOwnHeaders) {
    if (name.size() == own.size() && absl::EqualsIgnoreCase(name, own)) {
      return absl::InvalidArgumentError("a header is one that only the transport may set");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(const Request& request) {
  if (absl::Status status = Origin::Check(request.url); !status.ok()) return status;
  for (const absl::string_view header : request.headers) {
    if (absl::Status status = CheckHeader(header); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace gateway::http
