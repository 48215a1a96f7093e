// The conventions of one REST API: the protos describe them (gateway.v1.Provider), and the
// configuration may override them. The documents of an API leave things open or contradict each
// other. If the protos guess wrong, an override corrects the guess without a new program.
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

// The overrides of one provider. An empty member changes nothing.
struct ProfileOverrides {
  std::string authorization_scheme;
  v1::Members members = v1::MEMBERS_UNSPECIFIED;
  v1::Lists lists = v1::LISTS_UNSPECIFIED;
  // Replaces the beginning of a path: "/api/{account_id}" -> "/api".
  std::map<std::string, std::string> path_prefixes;
  // Verb and path, keyed by the full name of the RPC: "GET /v1/checkout/sessions/{id}/pay".
  // `path_prefixes` do not apply to such a path.
  std::map<std::string, std::string> operations;
  // The name of a member or query parameter, keyed by the full name of the field.
  std::map<std::string, std::string> wire_names;

  bool operator==(const ProfileOverrides&) const = default;
};

// Keyed by the name of the provider.
using Overrides = std::map<std::string, ProfileOverrides>;

struct VerbAndPath {
  http::Method method = http::Method::kGet;
  std::string path;
};

// Splits "POST /v1/refunds" into verb and path. Does not check the path.
absl::StatusOr<VerbAndPath> ParseVerbAndPath(absl::string_view text);

// Returns `path` with its longest matching prefix replaced. A prefix matches only if a slash or the
// end of the path follows it.
std::string ReplacePrefix(const ProfileOverrides& overrides, absl::string_view path);

// Applies the overrides to the provider. INVALID_ARGUMENT if the result contradicts itself.
absl::StatusOr<v1::Provider> MakeProfile(const v1::Provider& provider,
                                         const ProfileOverrides& overrides);

// Returns the encoded key for the Authorization header, or nullopt if the header has the key as it
// is.
std::optional<std::string> EncodedKey(const v1::Provider& provider, absl::string_view key);

void AddAuthorization(const v1::Provider& provider, absl::string_view key,
                      http::HeaderLines& headers);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_PROFILE_H_
