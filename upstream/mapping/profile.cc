#include "upstream/mapping/profile.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kBasic = "Basic";

constexpr http::Method kMethods[] = {http::Method::kGet, http::Method::kPost, http::Method::kPut,
                                     http::Method::kPatch, http::Method::kDelete};

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

// Whether `path` begins with `prefix`, and a slash or nothing follows it.
bool IsPrefix(absl::string_view prefix, absl::string_view path) {
  if (!absl::ConsumePrefix(&path, prefix)) return false;
  return path.empty() || path.front() == '/';
}

}  // namespace

absl::StatusOr<VerbAndPath> ParseVerbAndPath(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(' ', 1));
  for (const http::Method method : kMethods) {
    if (http::Name(method) == parts.first) return VerbAndPath{method, std::string(parts.second)};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not GET, POST, PUT, PATCH or DELETE, a space, and a path"));
}

std::string ReplacePrefix(const ProfileOverrides& overrides, absl::string_view path) {
  // If several prefixes match, the longest is the last of them in the order of the map.
  for (auto entry = overrides.path_prefixes.rbegin(); entry != overrides.path_prefixes.rend();
       ++entry) {
    if (!IsPrefix(entry->first, path)) continue;
    return absl::StrCat(entry->second, path.substr(entry->first.size()));
  }
  return std::string(path);
}

absl::StatusOr<v1::Provider> MakeProfile(const v1::Provider& provider,
                                         const ProfileOverrides& overrides) {
  if (provider.name().empty()) return absl::InvalidArgumentError("the provider has no name");
  v1::Provider profile = provider;
  if (!overrides.authorization_scheme.empty()) {
    profile.set_authorization_scheme(overrides.authorization_scheme);
  }
  if (overrides.members != v1::MEMBERS_UNSPECIFIED) {
    profile.mutable_keys()->set_members(overrides.members);
  }
  if (overrides.lists != v1::LISTS_UNSPECIFIED) profile.mutable_keys()->set_lists(overrides.lists);
  const auto bad = [&](absl::string_view reason) {
    return absl::InvalidArgumentError(absl::StrCat("provider ", provider.name(), ": ", reason));
  };
  if (!profile.authorization_scheme().empty() && !IsToken(profile.authorization_scheme())) {
    return bad("authorization_scheme is not a single word");
  }
  if (profile.has_idempotency_key() && !IsToken(profile.idempotency_key().header())) {
    return bad("idempotency_key.header is not the name of a header");
  }
  return profile;
}

std::optional<std::string> EncodedKey(const v1::Provider& provider, absl::string_view key) {
  if (provider.authorization_scheme() != kBasic) return std::nullopt;
  return absl::Base64Escape(absl::StrCat(key, ":"));
}

void AddAuthorization(const v1::Provider& provider, absl::string_view key,
                      http::HeaderLines& headers) {
  std::optional<std::string> encoded = EncodedKey(provider, key);
  headers.Add("Authorization: ", provider.authorization_scheme(), " ", encoded ? *encoded : key);
  if (encoded) explicit_bzero(encoded->data(), encoded->size());
}

}  // namespace gateway::mapping
