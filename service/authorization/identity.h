// The identity of a caller, from its verified certificate and its verified token.
//
// Thread-safety: an Identity belongs to one call; Claims are immutable.
#ifndef SERVICE_AUTHORIZATION_IDENTITY_H_
#define SERVICE_AUTHORIZATION_IDENTITY_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/authorization/peer_certificates.h"

namespace gateway::authorization {

// The claims of a verified token that rules may refer to.
struct Claims {
  // Whether the claim is this text, or a list that has it.
  bool Has(absl::string_view claim, absl::string_view text) const {
    const auto found = texts.find(claim);
    if (found == texts.end()) return false;
    for (const std::string& value : found->second) {
      if (value == text) return true;
    }
    return false;
  }

  // Who signed the token.
  absl::string_view issuer() const {
    const auto found = texts.find("iss");
    if (found == texts.end() || found->second.empty()) return "";
    return found->second.front();
  }

  std::string subject;  // empty: the token names none
  absl::Time expires;
  // The claims that are strings, or lists of strings.
  absl::flat_hash_map<std::string, std::vector<std::string>> texts;
};

struct Identity {
  // Whether the caller has shown neither a name nor a token.
  bool anonymous() const { return spiffe.empty() && dns.empty() && claims == nullptr; }

  // For logs: "spiffe://example/shop", "dns:shop.example, token:shop", "anonymous". `known_as`: the
  // DNS name that counted; empty: the first stands for all.
  std::string Name(absl::string_view known_as = "") const {
    std::string name = known_as.empty() ? spiffe : absl::StrCat("dns:", known_as);
    if (name.empty() && !dns.empty()) name = absl::StrCat("dns:", dns.front());
    if (claims != nullptr) {
      absl::StrAppend(&name, name.empty() ? "" : ", ", "token:", claims->subject);
    }
    return name.empty() ? "anonymous" : name;
  }

  // A hash that is equal for all calls of one caller; 0 for anonymous callers.
  size_t Key() const {
    if (anonymous()) return 0;
    return absl::HashOf(spiffe, dns, claims == nullptr ? "" : claims->subject);
  }

  // From the certificate: its URI, if it has exactly one and that is a SPIFFE ID; its DNS names.
  std::string spiffe;
  absl::InlinedVector<std::string, 1> dns;
  std::shared_ptr<const PeerCertificate> certificate;  // null: none was shown
  std::shared_ptr<const Claims> claims;                // null: no token was shown
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_IDENTITY_H_
