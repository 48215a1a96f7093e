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
  // Whether the claim is this text, or a list that contains this text.
  bool Has(absl::string_view claim, absl::string_view text) const {
    const auto found = texts.find(claim);
    if (found == texts.end()) return false;
    for (const std::string& value : found->second) {
      if (value == text) return true;
    }
    return false;
  }

  // The claim `iss`: who signed the token. "" if it is missing.
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
  // DNS name that a rule matched; if it is empty, the SPIFFE ID is shown, or else the first DNS
  // name.
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

  // From the certificate: the SPIFFE ID (empty unless it is the only URI), and the DNS names in
  // lower case.
  std::string spiffe;
  absl::InlinedVector<std::string, 1> dns;
  std::shared_ptr<const PeerCertificate> certificate;  // null: the caller showed none
  std::shared_ptr<const Claims> claims;                // null: no token was verified
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_IDENTITY_H_
