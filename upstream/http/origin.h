// The origin that a transport's requests go to: the part of a URL before the path (RFC 9110, 4.3).
//
// Thread-safety: a value.
//
//   absl::StatusOr<Origin> origin = Origin::Parse("https://api.example:8443/v1");
//   origin->authority;  // "api.example:8443"
#ifndef UPSTREAM_HTTP_ORIGIN_H_
#define UPSTREAM_HTTP_ORIGIN_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::http {

struct Origin {
  bool is_tls = false;
  std::string authority;  // host and, if the URL has one, port

  // INVALID_ARGUMENT for a URL that is not absolute, is neither http nor https, holds a character
  // that must be percent-encoded, or carries credentials. Path and query are ignored.
  static absl::StatusOr<Origin> Parse(absl::string_view url);

  // OK if Parse would accept the URL.
  static absl::Status Check(absl::string_view url);

  // "https://api.example:8443/"
  std::string Url() const;

  // The path and query of a URL of this origin, as they stand in a request line. Returns nullopt
  // for a URL of another origin.
  std::optional<absl::string_view> TargetOf(absl::string_view url) const;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_ORIGIN_H_
