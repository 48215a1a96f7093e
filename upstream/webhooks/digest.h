// SHA-256 and HMAC-SHA-256, both by OpenSSL.
//
//   const std::optional<Digest> digest = HmacSha256(secret, {timestamp, ".", body});
//   if (digest && SameText(Hex(*digest), header)) ...
//
// Thread-safety: pure functions. Errors: nullopt if OpenSSL lacks the algorithm or has no memory.
#ifndef UPSTREAM_WEBHOOKS_DIGEST_H_
#define UPSTREAM_WEBHOOKS_DIGEST_H_

#include <array>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::webhooks {

using Digest = std::array<unsigned char, 32>;

std::optional<Digest> Sha256(absl::string_view bytes);

// The HMAC of the parts, one after the other.
std::optional<Digest> HmacSha256(absl::string_view key,
                                 std::initializer_list<absl::string_view> parts);

absl::string_view Bytes(const Digest& digest);
std::string Hex(const Digest& digest);     // lower case
std::string Base64(const Digest& digest);  // standard alphabet, with padding

// Takes the same time for all texts of one length, wherever they differ.
bool SameText(absl::string_view a, absl::string_view b);

// Overwrites the string's content, and empties the string.
void Wipe(std::string& secret);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_DIGEST_H_
