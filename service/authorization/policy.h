// Who may call what: rules from a JSON file, compiled to one list for each method.
//
//   {"dry_run": false,
//    "rules": {
//      "checkout": {"spiffe": ["spiffe://example/ns/shop/sa/checkout"],
//                   "methods": ["paynow.management.v1.CheckoutService/*", "read"]},
//      "refunds":  {"subjects": ["support-desk"], "claims": {"groups": "refunds"},
//                   "methods": ["paynow.management.v1.OrdersService/RefundOrder"],
//                   "stores": ["411486491630370816"]}}}
//
// A call is allowed if at least one rule allows it. A rule allows a call if all its conditions on
// the caller hold, one of its `methods` matches, and its `upstreams` and `stores`, if it has any,
// contain the call's. All other calls are refused.
//
// Thread-safety: immutable after Parse.
#ifndef SERVICE_AUTHORIZATION_POLICY_H_
#define SERVICE_AUTHORIZATION_POLICY_H_

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/authorization/identity.h"
#include "service/config/config_reader.h"

namespace gateway::authorization {

enum class Kind { kRead, kWrite, kNeither };

// One method that the gateway serves.
struct Method {
  std::string name;      // "paynow.management.v1.OrdersService/GetOrders"
  std::string upstream;  // "paynow"; empty: a method of the gateway itself
  Kind kind = Kind::kNeither;
  // The request or the reply can hold a credential: `read` and `write` do not include the method.
  bool credential = false;
  // Which patterns of a rule can cover the method: kNeedNotBe: every pattern; kByService: every
  // pattern but `*`; kByName: only the method's full name.
  enum class Named { kNeedNotBe, kByService, kByName } named = Named::kNeedNotBe;
  // The method's calls are about a subscription to events, which may be limited to providers and
  // stores. A rule's `upstreams` and `stores` are compared with them (see Grant::ForSubscription).
  bool of_subscriptions = false;
};

struct Rule {
  // Whether all conditions of the rule on the caller hold.
  bool Fits(const Identity& caller) const;
  // For a caller that fits: the DNS name that matched; empty if a SPIFFE ID matched, or if the rule
  // asks for no certificate.
  absl::string_view KnowsAs(const Identity& caller) const;
  bool FitsSpiffe(const Identity& caller) const;
  // For a caller that fits: the name in its certificate that matched, a SPIFFE ID or "dns:" and a
  // name. Empty if the rule asks for no certificate.
  std::string CertificateNameOf(const Identity& caller) const;
  // For a caller that fits: its name, from the token if the rule asks for a token, otherwise from
  // the certificate. A rule for `anyone` takes the token if there is one, otherwise the SPIFFE ID,
  // which may be empty. The name is proven: no caller can choose another caller's name.
  std::string IdentityOf(const Identity& caller) const;

  std::string name;
  bool anyone = false;
  absl::flat_hash_set<std::string> spiffe;
  std::vector<std::string> spiffe_prefixes;  // each ends with a slash
  absl::flat_hash_set<std::string> dns;
  absl::flat_hash_set<std::string> subjects;
  std::map<std::string, std::string> claims;
  std::vector<std::string> methods;
  std::vector<std::string> upstreams;       // empty: all
  absl::flat_hash_set<std::string> stores;  // empty: all stores, and calls without a store
};

// What a caller may do with a method.
struct Grant {
  bool any_store() const { return any != nullptr; }

  // Returns the rule that allows the store, or null.
  const Rule* For(absl::string_view store) const;

  using Names = absl::flat_hash_set<std::string>;
  // For a method with Method::of_subscriptions: returns the rule that allows a subscription to
  // events of these providers and stores, or null. An empty list means that the subscription is not
  // limited.
  const Rule* ForSubscription(const Names& providers, const Names& stores) const;

  const Rule* any = nullptr;  // allows every store
  // Rules that allow some stores each; used if `any` is null. For a method with
  // Method::of_subscriptions: all rules.
  absl::InlinedVector<const Rule*, 2> rules_of_stores;
};

class Policy {
 public:
  // INVALID_ARGUMENT names file, rule and reason. `methods` are all methods that exist. A rule that
  // names any other method is an error, because the rule could never apply.
  static absl::StatusOr<std::unique_ptr<const Policy>> Parse(const std::string& file,
                                                             absl::string_view text,
                                                             const std::vector<Method>& methods);

  // `method`: the position of the method in the list that was passed to Parse.
  Grant Judge(size_t method, const Identity& caller) const;

  // Dry-run mode: refusals are logged but not applied.
  bool dry_run() const { return dry_run_; }

 private:
  Policy() = default;
  void Compile(const std::vector<Method>& methods);

  bool dry_run_ = false;
  std::deque<Rule> rules_;
  // The rules that cover one method.
  struct Table {
    // Rules that match exact SPIFFE IDs, indexed by ID: lookup does not depend on the number of
    // callers.
    absl::flat_hash_map<std::string, std::vector<const Rule*>> by_spiffe;
    std::vector<const Rule*> others;
    bool of_subscriptions = false;
  };
  std::vector<Table> tables_;  // by the method's position
};

}  // namespace gateway::authorization

#endif  // SERVICE_AUTHORIZATION_POLICY_H_
