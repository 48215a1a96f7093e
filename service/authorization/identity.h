// Who calls: what the client's verified certificate says, and what a verified token says.
//
// Thread-safety: an Identity belongs to one call; Claims are immutable.
#ifndef SERVICE_AUTHORIZATION_IDENTITY_H_
#define SERVICE_AUTHORIZATION_IDENTITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::authorization {

// What a token says that somebody may ask for.
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

  std::string subject;  // empty: the token names none
  absl::Time expires;
  // The claims that are strings, or lists of strings.
  absl::flat_hash_map<std::string, std::vector<std::string>> texts;
};

struct Identity {
  // Nothing is known.
  bool anonymous() const { return spiffe.empty() && dns.empty() && claims == nullptr; }

  // For logs: "spiffe://example/shop", "dns:shop.example, token:shop", "anonymous".
  std::string Name() const {
    std::string name = spiffe;
    if (spiffe.empty() && !dns.empty()) name = absl::StrCat("dns:", dns.front());
    if (claims != nullptr) {
      absl::StrAppend(&name, name.empty() ? "" : ", ", "token:", claims->subject);
    }
    return name.empty() ? "anonymous" : name;
  }

  // Of the certificate: its only URI, where that is a SPIFFE ID; and its DNS names.
  std::string spiffe;
  absl::InlinedVector<std::string, 1> dns;
  std::shared_ptr<const Claims> claims;  // null: no token was shown
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_IDENTITY_H_
