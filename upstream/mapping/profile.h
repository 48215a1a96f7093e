// How one REST API speaks, as the protos say (gateway.v1.Provider), with what the configuration
// says otherwise: the documents of an API leave things open or contradict each other, and each of
// our guesses can be set right without a new program.
//
// Thread-safety: pure functions over values. Errors: INVALID_ARGUMENT names what does not fit.
#ifndef UPSTREAM_MAPPING_PROFILE_H_
#define UPSTREAM_MAPPING_PROFILE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/http/message.h"

namespace gateway::mapping {

// Of one provider. What is empty is as the protos say.
struct ProfileOverrides {
  std::string authorization_scheme;
  v1::Members members = v1::MEMBERS_UNSPECIFIED;
  v1::Lists lists = v1::LISTS_UNSPECIFIED;
  // The beginning of a path, and what stands in its place: "/api/{account_id}" -> "/api".
  std::map<std::string, std::string> path_prefixes;
  // Verb and path by the full name of the RPC: "GET /v1/checkout/sessions/{id}/pay". A path that
  // stands here is taken as it is.
  std::map<std::string, std::string> operations;
  // The name of a member or query parameter by the full name of the field.
  std::map<std::string, std::string> wire_names;

  bool operator==(const ProfileOverrides&) const = default;
};

// By the name of the provider.
using Overrides = std::map<std::string, ProfileOverrides>;

struct VerbAndPath {
  http::Method method = http::Method::kGet;
  std::string path;
};

// "POST /v1/refunds" -> verb and path; the path is not looked at.
absl::StatusOr<VerbAndPath> ParseVerbAndPath(absl::string_view text);

// `path`, with the longest prefix that fits replaced. A prefix ends at a slash or at the end.
std::string ReplacePrefix(const ProfileOverrides& overrides, absl::string_view path);

// The provider as the configuration wants it. INVALID_ARGUMENT for a provider that contradicts
// itself.
absl::StatusOr<v1::Provider> MakeProfile(const v1::Provider& provider,
                                         const ProfileOverrides& overrides);

// What stands for the key in the Authorization header, where it is not the key itself.
std::optional<std::string> EncodedKey(const v1::Provider& provider, absl::string_view key);

void AddAuthorization(const v1::Provider& provider, absl::string_view key,
                      http::HeaderLines& headers);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_PROFILE_H_
