#include "upstream/http/origin.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/http/characters.h"

namespace gateway::http {
namespace {

constexpr absl::string_view kHttp = "http://";
constexpr absl::string_view kHttps = "https://";

bool ConsumeScheme(absl::string_view& url, absl::string_view scheme) {
  if (!absl::StartsWithIgnoreCase(url, scheme)) return false;
  url.remove_prefix(scheme.size());
  return true;
}

// The part between the scheme, which is already consumed, and the path.
absl::string_view AuthorityOf(absl::string_view url) {
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

absl::Status Origin::Check(absl::string_view url) {
  if (!HasOnly(Characters::kVisible, url)) {
    return absl::InvalidArgumentError("the URL holds a character that must be percent-encoded");
  }
  if (!ConsumeScheme(url, kHttps) && !ConsumeScheme(url, kHttp)) {
    return absl::InvalidArgumentError("the URL is neither http nor https");
  }
  const absl::string_view authority = AuthorityOf(url);
  if (authority.empty()) return absl::InvalidArgumentError("the URL has no host");
  if (absl::StrContains(authority, '@')) {
    return absl::InvalidArgumentError("the URL carries credentials");
  }
  return absl::OkStatus();
}

absl::StatusOr<Origin> Origin::Parse(absl::string_view url) {
  if (absl::Status status = Check(url); !status.ok()) return status;
  Origin origin;
  origin.is_tls = ConsumeScheme(url, kHttps);
  if (!origin.is_tls) ConsumeScheme(url, kHttp);
  origin.authority = std::string(AuthorityOf(url));
  return origin;
}

std::string Origin::Url() const { return absl::StrCat(is_tls ? kHttps : kHttp, authority, "/"); }

std::optional<absl::string_view> Origin::TargetOf(absl::string_view url) const {
  if (!ConsumeScheme(url, is_tls ? kHttps : kHttp)) return std::nullopt;
  if (!absl::StartsWithIgnoreCase(url, authority)) return std::nullopt;
  url.remove_prefix(authority.size());
  if (url.empty()) return "/";
  if (url.front() != '/') return std::nullopt;
  return url;
}

}  // namespace gateway::http
