#include "upstream/http/request_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace gateway::http {
namespace {

constexpr absl::string_view kOwnHeaders[] = {
    "Accept-Encoding", "Connection", "Content-Length",    "Expect",  "Host",
    "Keep-Alive",      "TE",         "Transfer-Encoding", "Trailer", "Upgrade",
};

bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

bool IsValueCharacter(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

absl::Status CheckUrl(absl::string_view url) {
  if (!std::all_of(url.begin(), url.end(), IsVisible)) {
    return absl::InvalidArgumentError("the URL holds a character that must be percent-encoded");
  }
  absl::string_view rest = url;
  for (absl::string_view scheme : {"http://", "https://"}) {
    if (absl::StartsWithIgnoreCase(url, scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == url.size()) {
    return absl::InvalidArgumentError("the URL is neither http nor https");
  }
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty()) return absl::InvalidArgumentError("the URL has no host");
  if (absl::StrContains(authority, '@')) {
    return absl::InvalidArgumentError("the URL carries credentials");
  }
  return absl::OkStatus();
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
  if (absl::Status status = CheckUrl(request.url); !status.ok()) return status;
  for (const absl::string_view header : request.headers) {
    if (absl::Status status = CheckHeader(header); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace gateway::http
